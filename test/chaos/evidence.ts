import { cp, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stateOf } from "../support/processes.ts";
import type { ChaosFarm } from "./chaos-farm.ts";
import type { ChaosRun } from "./chaos-run.ts";

/** Everything that has not ended, to find out why. */
export async function whatHangs({ lab, nodes }: ChaosFarm, { ledger, jobs }: ChaosRun): Promise<string> {
  const faults = ledger.underWay.map((what) => `running fault: ${what}`);
  const unfinished = jobs.filter(({ isOver }) => !isOver);
  const stories = unfinished.map(
    ({ name, current }) => `${name} ${run(current)}; its last events:\n${current?.run.story()}`,
  );
  const tails = nodes.map((node) => `node ${node.name} ${run(node)}:\n${node.tail()}`);
  const processes: string[] = [];
  for (const { pid, parent, command } of await lab.processes()) {
    processes.push(`process ${pid} of ${parent}, ${await stateOf(pid)}: ${command.slice(0, 160)}`);
  }
  return [...faults, ...stories, ...tails, ...processes].join("\n");
}

function run(what: { readonly isAlive: boolean } | undefined): string {
  return what?.isAlive ? "runs" : "does not run";
}

/** Keeps the files that explain a failure; the others are removed with the farm. @returns The folder */
export async function keepEvidence({ films, nodes }: ChaosFarm): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "renderfarm-chaos-"));
  await cp(films.path, join(folder, "films"), { recursive: true, filter: (path) => !path.endsWith("/filler") });
  for (const { name, printed } of nodes) await writeFile(join(folder, `${name}.txt`), printed);
  return folder;
}
