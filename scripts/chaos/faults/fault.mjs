import { pause, until } from "../waiting.mjs";

/** @typedef {import("../farm.mjs").ChaosFarm} ChaosFarm */
/** @typedef {import("../job.mjs").Job} Job */
/** @typedef {import("../node.mjs").ChaosNode} ChaosNode */

/**
 * What a fault may do, and to what.
 *
 * @typedef {object} Stage
 * @property {ChaosFarm} farm
 * @property {ChaosNode} node the one it is about
 * @property {() => Job | undefined} jobNow the film that is being made
 * @property {() => Job} beside begins a small film of another blendfile on the same nodes
 * @property {string} other a blendfile of another scene
 * @property {string} hangs folder in which a file by a node's name makes that node's Blender hang
 * @property {number} seconds how long it lasts
 * @property {() => number} random
 * @property {number} aimMs how long it may wait for something to hit; it is done in any case
 * @property {AbortSignal} signal when it aborts, the fault is over at once
 */

/**
 * @typedef {object} Outcome
 * @property {boolean} isEffective whether it hit something that was under way
 * @property {readonly string[]} [followed] what came of it, in few words that can be counted
 * @property {string} [told] what else is worth saying
 */

/**
 * A kind of fault.
 *
 * @typedef {object} Fault
 * @property {string} name
 * @property {number} weight how often it comes, against the others
 * @property {boolean} [isOfNode] whether it needs a node to which no other fault is done
 * @property {readonly string[]} [leadsTo] events about no node that may follow it
 * @property {(farm: ChaosFarm) => string | undefined} [problem] why it cannot be done here
 * @property {(stage: Stage) => Promise<Outcome>} run
 */

/** Lasts as long as the fault is to last. @param {Stage} stage @param {number} [times] as long */
export const last = ({ seconds, signal }, times = 1) => pause(seconds * times * 1_000, signal);

/** Waits for something to hit. @param {Stage} stage @param {() => boolean} isThere @returns {Promise<boolean>} whether it is there */
export const aim = ({ aimMs, signal }, isThere) => until(isThere, aimMs, signal);

/** Waits until the node renders a frame of the film. @param {Stage} stage */
export const aimAtNode = (stage) => aim(stage, () => stage.jobNow()?.current?.isRenderedBy(stage.node.name) === true);

/** Waits until anybody renders a frame of the film. @param {Stage} stage */
export const aimAtJob = (stage) => aim(stage, () => stage.jobNow()?.current?.isRenderedBy() === true);
