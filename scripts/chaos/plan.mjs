import { faults } from "./faults/index.mjs";
import { dice, oneOf, shuffled } from "./random.mjs";

/** @typedef {import("./faults/fault.mjs").Fault} Fault */

/**
 * @typedef {object} Planned
 * @property {number} atSeconds since the faults began
 * @property {Fault} fault
 * @property {string} name of the node, for a fault of one
 * @property {number} seconds how long it lasts
 * @property {number} seed of what else it leaves to chance
 * @property {boolean} isAimed whether it waits for something to hit; the others come at any moment, a node's start too
 */

/**
 * What will be done and when, decided before anything happens: the same seed gives the same plan. Each fault comes at
 * least once, unless the time is too short for all of them; beyond that by their weights.
 *
 * @param {number} seed
 * @param {number} minutes
 * @param {readonly string[]} names of the nodes
 * @returns {Planned[]}
 */
export function planOf(seed, minutes, names) {
  const random = dice(seed);
  const moments = /** @type {number[]} */ ([]);
  for (let at = 3; at < minutes * 60; at += 1.5 + random() * 3.5) moments.push(Math.round(at * 10) / 10);
  const once = shuffled(faults, random).slice(0, moments.length);
  const more = moments.slice(once.length).flatMap(() => pick(random) ?? []);
  return shuffled([...once, ...more], random).map((fault, index) => ({
    atSeconds: moments[index] ?? 0,
    fault,
    name: oneOf(names, random) ?? "",
    seconds: Math.round((0.5 + random() * 7) * 10) / 10,
    seed: Math.floor(random() * 2 ** 32),
    isAimed: random() < 0.6,
  }));
}

/** Each takes as much room on a line as it weighs. @param {() => number} random */
function pick(random) {
  const point = random() * faults.reduce((sum, { weight }) => sum + weight, 0);
  let end = 0;
  return faults.find(({ weight }) => {
    end += weight;
    return point < end;
  });
}
