import { isSoon } from "../support/wait-for.ts";
import { prove } from "./proof.ts";
import { remainsOf } from "./remains.ts";
import type { World } from "./world.ts";

const foundWithinMs = 60_000;

/**
 * Prints the result of every job and every kind of fault, complains of everything that is wrong, and ends the nodes.
 *
 * @param kinds Kinds of faults that were planned
 */
export async function sumUp({ farm, ledger, jobs }: World, kinds: readonly string[]): Promise<void> {
  const { report, nodes } = farm;
  console.log("");
  for (const job of jobs) {
    const { name, ends } = job;
    const { expected, counts, isSameVideo, wrong } = await prove(job);
    const told = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
    const comparison = `as the undisturbed video: ${isSameVideo ? "yes" : "NO"}`;
    console.log(`${name}: ${expected} frames expected, ${told.join(", ")}; ${comparison}`);
    console.log(`  ${ends.length} ends of the coordinator: ${ends.join(", ")}`);
    for (const text of wrong) report.complain(`${name}: ${text}`);
  }
  console.log(["", ...ledger.table(kinds), ""].join("\n"));
  for (const kind of kinds.filter((one) => !ledger.hasHit(one))) {
    report.complain(`the fault '${kind}' was planned but never hit anything`);
  }
  let missing: string[] = [];
  const areAllFound = async () => {
    missing = await farm.missing();
    return missing.length === 0;
  };
  await isSoon(areAllFound, foundWithinMs, farm.signal);
  for (const name of missing) report.complain(`node ${name} is not found on the network any more`);
  const outputs = jobs.map(({ output }) => output);
  for (const thing of await remainsOf(farm, outputs)) report.complain(`left behind: ${thing}`);
  for (const { name, printed } of nodes) {
    // Errors of Python's: nothing that a fault does may bring one about.
    const tracebacks = printed.split(/^(?=Traceback |.*never retrieved)/m).slice(1);
    for (const text of tracebacks) report.complain(`node ${name} printed:\n${text.slice(0, 2_000)}`);
  }
}
