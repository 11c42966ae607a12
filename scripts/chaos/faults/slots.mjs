import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isThere, send } from "../processes.mjs";
import { until } from "../waiting.mjs";
import { aimAtNode, last } from "./fault.mjs";

/** @typedef {import("./fault.mjs").Fault} Fault */
/** @typedef {import("./fault.mjs").Stage} Stage */

const frameBeginsWithinMs = 20_000;
/** As long is looked what becomes of it; nothing else is done to its node meanwhile. */
const hangsAtLeastMs = 40_000;
const frozenLongSeconds = 30;

/** @param {number} seconds @param {Stage} stage @returns {Promise<import("./fault.mjs").Outcome>} */
async function freeze(seconds, stage) {
  const isEffective = await aimAtNode(stage);
  const slots = stage.farm.slots(stage.node);
  for (const { pid } of slots) send(pid, "SIGSTOP");
  await last({ ...stage, seconds });
  const ended = slots.filter(({ pid }) => !isThere(pid));
  for (const { pid } of slots) send(pid, "SIGCONT");
  return { isEffective: isEffective && slots.length > 0, followed: ended.map(() => "slot ended meanwhile") };
}

/** What happens to the Blenders that render. @type {readonly Fault[]} */
export const slotFaults = [
  {
    name: "slot killed",
    weight: 3,
    isOfNode: true,
    async run(stage) {
      const isEffective = await aimAtNode(stage);
      const slots = stage.farm.slots(stage.node);
      for (const { pid } of slots) send(pid, "SIGKILL");
      return { isEffective: isEffective && slots.length > 0 };
    },
  },
  {
    name: "slot frozen",
    weight: 2,
    isOfNode: true,
    run: (stage) => freeze(stage.seconds * 2, stage),
  },
  {
    name: "slot frozen for long",
    weight: 1,
    isOfNode: true,
    run: (stage) => freeze(frozenLongSeconds + stage.seconds, stage),
  },
  {
    // It is never undone: to end it is the program's own task, at the latest when the others have finished the film.
    name: "slot in an endless loop",
    weight: 1,
    isOfNode: true,
    async run(stage) {
      const { farm, node, hangs, signal } = stage;
      await aimAtNode(stage);
      const order = join(hangs, node.name);
      writeFileSync(order, "");
      const slots = farm.slots(node);
      const isEffective = await until(() => existsSync(`${order}.hangs`), frameBeginsWithinMs, signal);
      for (const file of [order, `${order}.hangs`]) rmSync(file, { force: true });
      if (!isEffective) return { isEffective, told: "no frame began" };
      const isEnded = await until(() => !slots.some(({ pid }) => isThere(pid)), hangsAtLeastMs, signal);
      return { isEffective, followed: isEnded ? ["slot ended"] : ["still looping when last looked at"] };
    },
  },
];
