/**
 * Measures what the scheduler costs per event, on farms of 100, 300 and 1,000 slots with 100,000 frames:
 * `node scripts/bench-scale.mjs [--frames 100000] [--scheduler dist/scheduler]`
 *
 * It simulates whole jobs in virtual time, with everything that can go wrong in them, and the tails of many jobs. A
 * tail begins when the queue is empty for the first time: from then on slots idle, and frames are moved and raced. Each
 * job is recorded first, and the replay of the record is measured, in processor time, so other programs on the machine
 * do not count. Ends with status 1 if an event costs more than 0.2 ms on average, or with 1,000 slots more than
 * 1.5 times as much as with 100, in whole jobs or in tails.
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { recordFarm } from "./bench-scale/farm.mjs";
import { costsOf, joinedCosts, summaryOf } from "./bench-scale/replay.mjs";
import { projectFolder } from "./setup/tools.mjs";

const maxMeanMs = 0.2;
const maxGrowth = 1.5;
/** The number of slots in all, and of each node. */
const farms = [
  [100, 1],
  [300, 1],
  [1_000, 1],
  [100, 4],
  [1_000, 4],
];
/** Tails are short: jobs are added until their tails have this many events together. */
const minTailEvents = 20_000;
/** Few enough that a job is mostly tail. */
const framesPerSlot = 4;
/** How often each record is replayed. */
const [tailRounds, wholeRounds] = [7, 3];

const { values } = parseArgs({
  options: {
    frames: { type: "string", default: "100000" },
    scheduler: { type: "string", default: resolve(projectFolder, "dist/scheduler") },
  },
});
const load = (name) => import(pathToFileURL(resolve(values.scheduler, `${name}.js`)).href);
const scheduler = { ...(await load("state/state")), ...(await load("step")) };
const frames = Number(values.frames);

/** Records jobs that are mostly tail, until their tails have enough events together. */
function recordTails(nodes, slots) {
  const records = [];
  for (let events = 0; events < minTailEvents; ) {
    const job = { nodes, slots, frames: framesPerSlot * nodes * slots, seed: records.length + 1 };
    const record = recordFarm(scheduler, job);
    records.push(record);
    events += record.events.length - record.tailFrom;
  }
  return records;
}

function rowOf(what, slots, each, costs) {
  const { mean, median, percentile, most } = summaryOf(costs);
  const times = [mean, median, percentile, most].map((ms) => (ms * 1_000).toFixed(1));
  print([`${slots / each} × ${each}`, costs.events, ...times, what]);
  return { what, slots, each, mean };
}

function print(cells) {
  console.log(cells.map((cell) => String(cell).padStart(10)).join(""));
}

console.log(`µs per event, ${frames.toLocaleString("en")} frames: tails of jobs alone, and whole jobs`);
print(["farm", "events", "mean", "median", "99.9 %", "most"]);
// Warm-up: otherwise the first measurement would include the JIT compilation.
costsOf(scheduler, recordTails(25, 4).slice(0, 5), 1);
const rows = [];
const tails = farms.map(([slots, each]) => recordTails(slots / each, each));
const tailCosts = costsOf(scheduler, tails.flat(), tailRounds);
for (const [index, [slots, each]] of farms.entries()) {
  const costs = tailCosts.splice(0, tails[index].length).map(({ tail }) => tail);
  rows.push(rowOf("tails", slots, each, costs.reduce(joinedCosts)));
}
for (const [slots, each] of farms) {
  const record = recordFarm(scheduler, { nodes: slots / each, slots: each, frames, seed: slots });
  const [{ whole }] = costsOf(scheduler, [record], wholeRounds);
  rows.push(rowOf("whole jobs", slots, each, whole));
}
const [smallest, largest] = [farms[0][0], farms.at(-1)[0]];
const complaints = [];
for (const { what, slots, each, mean } of rows) {
  const small = rows.find((row) => row.what === what && row.slots === smallest && row.each === each);
  const where = `${what} on ${slots / each} × ${each} slots`;
  const growth = mean / small.mean;
  if (slots === largest) console.log(`${where}: ${growth.toFixed(2)} times as much as with ${small.slots}`);
  if (growth > maxGrowth) complaints.push(`${where}: ${growth.toFixed(2)} times as much, ${maxGrowth} is the goal`);
  if (mean > maxMeanMs) complaints.push(`${where}: ${mean.toFixed(3)} ms per event, ${maxMeanMs} ms is the goal`);
}
for (const complaint of complaints) console.error(complaint);
process.exitCode = complaints.length > 0 ? 1 : 0;
