import { cp, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stateOf } from "../support/processes.ts";
import type { ChaosFarm } from "./chaos-farm.ts";
import type { World } from "./world.ts";

/** What has not come to its end, for whoever wonders why. */
export async function whatHangs({ lab, nodes }: ChaosFarm, world: World | undefined): Promise<string> {
  const faults = (world?.ledger.underWay ?? []).map((what) => `fault at work: ${what}`);
  const unfinished = (world?.jobs ?? []).filter(({ isOver }) => !isOver);
  const stories = unfinished.map(
    ({ name, current }) => `${name} ${run(current)}; it told last:\n${current?.run.story()}`,
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

/** Keeps what has to be looked at after a failure: all else is removed with the farm. @returns The folder */
export async function keepEvidence({ films, nodes }: ChaosFarm): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "renderfarm-chaos-"));
  await cp(films.path, join(folder, "films"), { recursive: true, filter: (path) => !path.endsWith("/filler") });
  for (const { name, printed } of nodes) await writeFile(join(folder, `${name}.txt`), printed);
  return folder;
}
