import { setTimeout as delay } from "node:timers/promises";
import { prove } from "./proof.mjs";
import { remainsOf } from "./remains.mjs";

const foundWithinMs = 60_000;

/**
 * The proof: prints what came of every job and of every kind of fault, and complains of whatever is not as it should be.
 * Ends the nodes.
 *
 * @param {object} of
 * @param {import("./farm.mjs").ChaosFarm} of.farm
 * @param {string} of.mark
 * @param {import("./ledger.mjs").Ledger} of.ledger
 * @param {readonly import("./job.mjs").Job[]} of.jobs
 * @param {readonly string[]} of.kinds of faults that were planned
 * @param {(text: string) => void} of.complain
 */
export async function sumUp({ farm, mark, ledger, jobs, kinds, complain }) {
  console.log("");
  for (const job of jobs) await tellOf(job, complain);
  console.log("");
  for (const line of ledger.table(kinds)) console.log(line);
  console.log("");
  for (const kind of kinds.filter((one) => ledger.countOf(one).effective === 0)) {
    complain(`the fault '${kind}' was planned and never hit anything`);
  }
  for (const name of await notFound(farm)) complain(`node ${name} is not found on the network any more`);
  const outputs = jobs.map(({ output }) => output);
  for (const thing of await remainsOf(farm, mark, outputs)) complain(`left behind: ${thing}`);
  for (const node of farm.nodes) for (const text of node.tracebacks) complain(`node ${node.name} printed:\n${text}`);
}

/** @param {import("./job.mjs").Job} job @param {(text: string) => void} complain */
async function tellOf(job, complain) {
  const { name, ends } = job;
  const { expected, stored, identical, once, inVideo, isSameVideo, wrong } = await prove(job);
  const counts = `${stored} stored, ${identical} identical, ${once} recorded once, ${inVideo} in the video`;
  console.log(
    `${name}: ${expected} frames expected, ${counts}; as the undisturbed video: ${isSameVideo ? "yes" : "NO"}`,
  );
  console.log(`  ${ends.length} ends of the coordinator: ${ends.join(", ")}`);
  for (const text of wrong) complain(`${name}: ${text}`);
}

/** Names of the nodes that nobody who looks for nodes finds. @param {import("./farm.mjs").ChaosFarm} farm */
async function notFound(farm) {
  const deadlineMs = performance.now() + foundWithinMs;
  for (;;) {
    const found = await farm.nodesFound();
    const missing = farm.nodes.map(({ name }) => name).filter((name) => !found.includes(name));
    if (missing.length === 0 || performance.now() > deadlineMs) return missing;
    await delay(2_000);
  }
}
