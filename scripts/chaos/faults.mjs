import { setTimeout as delay } from "node:timers/promises";
import { send } from "./processes.mjs";

/** @typedef {import("./farm.mjs").ChaosFarm} ChaosFarm */
/** @typedef {import("./farm.mjs").ChaosNode} ChaosNode */

/**
 * What a fault may do. `seconds` is how long it lasts; what it does not end itself is ended by `undo`.
 *
 * @typedef {object} Scene
 * @property {ChaosFarm} farm
 * @property {ChaosNode} node the one it is about
 * @property {number} seconds
 * @property {AbortSignal} signal when it aborts, the fault is over at once
 * @property {Coordinator} coordinator
 */

/**
 * @typedef {object} Coordinator
 * @property {(signal: NodeJS.Signals) => void} end ends the running one; the same command is given again
 * @property {() => Promise<string>} double gives the same command a second time beside it, and tells what it said
 */

/**
 * @typedef {object} Fault
 * @property {string} name
 * @property {number} weight how often it comes, against the others
 * @property {boolean} [isOfNode] whether it needs a node that is well
 * @property {(scene: Scene) => Promise<string | undefined>} run returns what is worth saying
 */

/** @param {Scene} scene */
const pause = ({ seconds, signal }) => delay(seconds * 1_000, undefined, { signal }).catch(() => {});

/** @type {readonly Fault[]} */
const faults = [
  {
    name: "kill -9 of the node",
    weight: 3,
    isOfNode: true,
    async run(scene) {
      await scene.farm.kill(scene.node);
      await pause(scene);
      await scene.farm.start(scene.node);
      return undefined;
    },
  },
  {
    name: "kill -9 of the node, which starts again with an empty cache",
    weight: 1,
    isOfNode: true,
    async run(scene) {
      await scene.farm.kill(scene.node);
      scene.farm.emptyCache(scene.node);
      await pause(scene);
      await scene.farm.start(scene.node);
      return undefined;
    },
  },
  {
    name: "the owner ends the node",
    weight: 1,
    isOfNode: true,
    async run(scene) {
      await scene.farm.stop(scene.node);
      await pause(scene);
      await scene.farm.start(scene.node);
      return undefined;
    },
  },
  {
    name: "machine switched off",
    weight: 2,
    isOfNode: true,
    async run(scene) {
      const { farm, node } = scene;
      const slots = farm.slots(node);
      await farm.network.switchOff(node.name);
      for (const { pid } of slots) send(pid, "SIGKILL");
      await farm.kill(node);
      await pause(scene);
      await farm.network.plugIn(node.name);
      await farm.start(node);
      return undefined;
    },
  },
  {
    name: "cable pulled",
    weight: 3,
    isOfNode: true,
    async run(scene) {
      await scene.farm.network.cut(scene.node.name);
      await pause(scene);
      await scene.farm.network.mend(scene.node.name);
      return undefined;
    },
  },
  {
    name: "cable pulled for longer than the heartbeat allows",
    weight: 2,
    isOfNode: true,
    async run(scene) {
      await scene.farm.network.cut(scene.node.name);
      await pause({ ...scene, seconds: 11 + scene.seconds });
      await scene.farm.network.mend(scene.node.name);
      return undefined;
    },
  },
  {
    name: "another address",
    weight: 1,
    isOfNode: true,
    run: async ({ farm, node }) => await farm.network.readdress(node.name),
  },
  {
    name: "node frozen",
    weight: 2,
    isOfNode: true,
    async run(scene) {
      const pid = scene.node.child?.pid;
      send(pid, "SIGSTOP");
      await pause({ ...scene, seconds: scene.seconds * 2 });
      send(pid, "SIGCONT");
      return undefined;
    },
  },
  {
    name: "slot killed",
    weight: 3,
    isOfNode: true,
    async run({ farm, node }) {
      const slots = farm.slots(node);
      for (const { pid } of slots) send(pid, "SIGKILL");
      return slots.length === 0 ? "it had none" : undefined;
    },
  },
  {
    name: "slot frozen",
    weight: 2,
    isOfNode: true,
    async run(scene) {
      const slots = scene.farm.slots(scene.node);
      for (const { pid } of slots) send(pid, "SIGSTOP");
      await pause({ ...scene, seconds: scene.seconds * 2 });
      for (const { pid } of slots) send(pid, "SIGCONT");
      return slots.length === 0 ? "it had none" : undefined;
    },
  },
  {
    name: "the node's disk is full",
    weight: 1,
    isOfNode: true,
    async run(scene) {
      const empty = await scene.farm.fillDisk(scene.node);
      await pause(scene);
      empty();
      return undefined;
    },
  },
  {
    name: "all nodes killed at once",
    weight: 1,
    async run(scene) {
      const { farm } = scene;
      const well = farm.nodes.filter(({ isBusy }) => !isBusy);
      for (const node of well) node.isBusy = true;
      try {
        await Promise.all(well.map((node) => farm.kill(node)));
        await pause(scene);
        await Promise.all(well.map((node) => farm.start(node)));
      } finally {
        for (const node of well) node.isBusy = false;
      }
      return well.map(({ name }) => name).join(", ");
    },
  },
  {
    name: "kill -9 of the coordinator",
    weight: 4,
    async run({ coordinator }) {
      coordinator.end("SIGKILL");
      return undefined;
    },
  },
  {
    name: "SIGTERM to the coordinator",
    weight: 1,
    async run({ coordinator }) {
      coordinator.end("SIGTERM");
      return undefined;
    },
  },
  {
    name: "Ctrl-C at the coordinator",
    weight: 1,
    async run({ coordinator }) {
      coordinator.end("SIGINT");
      return undefined;
    },
  },
  {
    name: "the same command a second time",
    weight: 1,
    run: ({ coordinator }) => coordinator.double(),
  },
  {
    name: "encoder killed",
    weight: 2,
    async run({ farm }) {
      const encoders = farm.encoders();
      for (const { pid } of encoders) send(pid, "SIGKILL");
      return encoders.length === 0 ? "there was none" : undefined;
    },
  },
  {
    name: "encoder frozen",
    weight: 1,
    async run(scene) {
      const encoders = scene.farm.encoders();
      for (const { pid } of encoders) send(pid, "SIGSTOP");
      await pause(scene);
      for (const { pid } of encoders) send(pid, "SIGCONT");
      return encoders.length === 0 ? "there was none" : undefined;
    },
  },
];

/**
 * What will be done and when, decided before anything happens: the same seed gives the same plan.
 *
 * @param {number} seed
 * @param {number} minutes
 * @param {readonly string[]} names of the nodes
 */
export function planOf(seed, minutes, names) {
  const random = dice(seed);
  const total = faults.reduce((sum, { weight }) => sum + weight, 0);
  /** @type {{atSeconds: number, fault: Fault, name: string, seconds: number}[]} */
  const plan = [];
  for (let at = 3; at < minutes * 60; at += 1.5 + random() * 3.5) {
    const fault = pick(random() * total);
    const name = names[Math.floor(random() * names.length)] ?? "";
    const seconds = Math.round((0.5 + random() * 7) * 10) / 10;
    if (fault) plan.push({ atSeconds: Math.round(at * 10) / 10, fault, name, seconds });
  }
  return plan;
}

/** The fault at a point of the line on which each takes as much room as it weighs. @param {number} point */
function pick(point) {
  let end = 0;
  return faults.find(({ weight }) => {
    end += weight;
    return point < end;
  });
}

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). @param {number} seed */
function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
