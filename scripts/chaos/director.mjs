import { dice } from "./random.mjs";
import { pause, until } from "./waiting.mjs";

/** @typedef {import("./faults/fault.mjs").Fault} Fault */
/** @typedef {import("./faults/fault.mjs").Stage} Stage */
/** @typedef {import("./node.mjs").ChaosNode} ChaosNode */
/** @typedef {import("./plan.mjs").Planned} Planned */

/** How long an aimed fault waits for something to hit, and one that is done again. */
const aimMs = 6_000;
const aimAgainMs = 60_000;
/** What had no effect is done again so often, and no more is begun after this time. */
const rounds = 3;
const againWithinMs = 5 * 60_000;
/** On so many nodes at once, beside what was planned for one of its own. */
const mostNodesBusy = 2;

/**
 * @typedef {object} Direction
 * @property {import("./farm.mjs").ChaosFarm} farm
 * @property {import("./ledger.mjs").Ledger} ledger
 * @property {Pick<Stage, "jobNow" | "beside" | "other" | "hangs">} stage
 * @property {AbortSignal} signal
 * @property {(text: string) => void} say
 * @property {(text: string) => void} complain
 */

/**
 * Does what the plan says; then, one by one, what never hit anything. Resolves when every fault is over and undone.
 *
 * @param {readonly Planned[]} plan
 * @param {Direction} direction
 */
export async function disturb(plan, direction) {
  const { ledger, signal, say } = direction;
  const beganMs = performance.now();
  /** @type {Promise<void>[]} */
  const underWay = [];
  for (const planned of plan) {
    await pause(beganMs + planned.atSeconds * 1_000 - performance.now(), signal);
    if (signal.aborted) break;
    underWay.push(perform(planned, nodeFor(planned.name, direction), planned.isAimed ? aimMs : 0, direction));
  }
  await Promise.all(underWay);
  await startMissing(direction);

  const againUntilMs = performance.now() + againWithinMs;
  for (let round = 0; round < rounds; round += 1) {
    for (const planned of onceEach(plan)) {
      if (signal.aborted || performance.now() > againUntilMs) break;
      if (ledger.countOf(planned.fault.name).effective > 0) continue;
      say("again, as it hit nothing:");
      await perform(planned, await nodeAtWork(planned.name, direction), aimAgainMs, direction);
    }
  }
  await startMissing(direction);
  if (!signal.aborted) say("all faults are done and undone");
}

/** A node that has ended by itself was complained of; what is left to do is done with it nevertheless. @param {Direction} direction */
async function startMissing({ farm, signal }) {
  for (const node of farm.nodes) if (!node.isAlive && !signal.aborted) await node.start();
}

/** The first of each kind. @param {readonly Planned[]} plan */
export function onceEach(plan) {
  return plan.filter(({ fault }, place) => plan.findIndex((other) => other.fault === fault) === place);
}

/** @param {Planned} planned @param {ChaosNode | undefined} node @param {number} waitsMs @param {Direction} direction */
async function perform({ fault, name, seconds, seed }, node, waitsMs, direction) {
  const { farm, ledger, signal, say, complain, stage } = direction;
  const what = fault.isOfNode ? `${node?.name ?? name}: ${fault.name}` : fault.name;
  if (node === undefined || (fault.isOfNode && node.isBusy)) {
    say(`${what} – not done, another fault is at work there`);
    return;
  }
  if (fault.isOfNode) node.isBusy = true;
  say(`${what} (${seconds} s; ${stage.jobNow()?.stored ?? 0} stored)`);
  const deed = ledger.begin(fault.name, fault.isOfNode ? [node.name] : [], fault.leadsTo ?? []);
  try {
    const outcome = await fault.run({ ...stage, farm, node, seconds, signal, aimMs: waitsMs, random: dice(seed) });
    ledger.end(deed, outcome.isEffective, outcome.followed ?? []);
    const told = [outcome.told, ...(outcome.followed ?? [])].filter((text) => text !== undefined);
    if (!outcome.isEffective) told.push("it hit nothing");
    if (told.length > 0) say(`  ${what}: ${told.join(", ")}`);
  } catch (error) {
    ledger.end(deed, false, []);
    if (!signal.aborted) complain(`${what}: ${error instanceof Error ? error.message : error}`);
  } finally {
    if (fault.isOfNode) node.isBusy = false;
  }
}

/**
 * The node that was planned; the next free one when a fault is at work there, unless too many are busy already.
 *
 * @param {string} name @param {Pick<Direction, "farm">} direction
 */
function nodeFor(name, { farm }) {
  const inTurn = nodesFrom(name, farm);
  const busy = inTurn.filter(({ isBusy }) => isBusy).length;
  return (busy < mostNodesBusy ? inTurn.find(({ isBusy }) => !isBusy) : undefined) ?? inTurn[0];
}

/**
 * The first one that renders: the planned one may be kept by a job that has ended without its knowledge.
 *
 * @param {string} name @param {Direction} direction
 */
async function nodeAtWork(name, { farm, stage, signal }) {
  const atWork = () => nodesFrom(name, farm).find((node) => stage.jobNow()?.current?.isRenderedBy(node.name) === true);
  await until(() => atWork() !== undefined, aimAgainMs, signal);
  return atWork() ?? nodeFor(name, { farm });
}

/** All of them, this one first. @param {string} name @param {import("./farm.mjs").ChaosFarm} farm */
function nodesFrom(name, { nodes }) {
  const place = nodes.findIndex((node) => node.name === name);
  return [...nodes.slice(place), ...nodes.slice(0, place)];
}
