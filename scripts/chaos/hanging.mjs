import { stateOf } from "./processes.mjs";

/**
 * What has not come to its end, for whoever wonders why.
 *
 * @param {object} of
 * @param {import("./farm.mjs").ChaosFarm} of.farm
 * @param {import("./ledger.mjs").Ledger} of.ledger
 * @param {readonly import("./job.mjs").Job[]} of.jobs
 */
export function whatHangs({ farm, ledger, jobs }) {
  const faults = ledger.underWay.map(({ kind, names }) => `fault at work: ${[...names, kind].join(": ")}`);
  const unfinished = jobs.filter(({ isOver }) => !isOver);
  const stories = unfinished.map(
    ({ name, current }) => `${name} ${current?.isAlive ? "runs" : "does not run"}; it told last:\n${current?.story()}`,
  );
  const nodes = farm.nodes.map(
    (node) => `node ${node.name} ${node.isAlive ? "runs" : "does not run"}:\n${node.tail()}`,
  );
  const processes = farm
    .processes()
    .map(({ pid, parent, command }) => `process ${pid} of ${parent}, ${stateOf(pid)}: ${command.slice(0, 160)}`);
  return [...faults, ...stories, ...nodes, ...processes].join("\n");
}
