import { send } from "../processes.mjs";
import { until } from "../waiting.mjs";
import { aimAtJob, aimAtNode, last } from "./fault.mjs";

/** @typedef {import("./fault.mjs").Fault} Fault */
/** @typedef {import("./fault.mjs").Stage} Stage */

/** After the heartbeat's window, its next announcement and the next question. */
const foundAgainWithinMs = 60_000;
/** A frame or a blendfile that has no room: the next one is not far. */
const noticedWithinMs = 15_000;
const problems = new Set(["frame:requeued", "node:excluded", "node:barred", "node:lost"]);

/** Something that keeps the node from being used, and is undone. @param {(stage: Stage) => Promise<void>} work @returns {Fault["run"]} */
const away = (work) => async (stage) => {
  const isEffective = await aimAtNode(stage);
  await stage.farm.whileAway([stage.node], () => work(stage));
  return { isEffective };
};

/** What happens to nodes and their cables. @type {readonly Fault[]} */
export const nodeFaults = [
  {
    name: "kill -9 of the node",
    weight: 3,
    isOfNode: true,
    run: away(async (stage) => {
      await stage.node.kill();
      await last(stage);
      await stage.node.start();
    }),
  },
  {
    name: "kill -9 of the node, which starts again with an empty cache",
    weight: 1,
    isOfNode: true,
    run: away(async (stage) => {
      await stage.node.kill();
      stage.farm.emptyCache(stage.node);
      await last(stage);
      await stage.node.start();
    }),
  },
  {
    name: "the owner ends the node",
    weight: 1,
    isOfNode: true,
    run: away(async (stage) => {
      await stage.node.stop();
      await last(stage);
      await stage.node.start();
    }),
  },
  {
    name: "machine switched off",
    weight: 2,
    isOfNode: true,
    run: away(async (stage) => {
      const { farm, node } = stage;
      const slots = farm.slots(node);
      await farm.network.switchOff(node.name);
      for (const { pid } of slots) send(pid, "SIGKILL");
      await node.kill();
      await last(stage);
      await farm.network.plugIn(node.name);
      await node.start();
    }),
  },
  {
    name: "cable pulled",
    weight: 3,
    isOfNode: true,
    run: away(async (stage) => {
      await stage.farm.network.cut(stage.node.name);
      await last(stage);
      await stage.farm.network.fix(stage.node.name);
    }),
  },
  {
    name: "cable pulled for longer than the heartbeat allows",
    weight: 2,
    isOfNode: true,
    run: away(async (stage) => {
      await stage.farm.network.cut(stage.node.name);
      await last({ ...stage, seconds: 11 + stage.seconds });
      await stage.farm.network.fix(stage.node.name);
    }),
  },
  {
    name: "another address",
    weight: 1,
    isOfNode: true,
    async run(stage) {
      const { farm, node, signal } = stage;
      const isEffective = await aimAtNode(stage);
      const one = stage.jobNow()?.current;
      const joined = () => one?.all("node:joined").filter(({ name }) => name === node.name).length ?? 0;
      const before = joined();
      const address = await farm.network.readdress(node.name);
      await farm.whileAway([node], async () => {
        await until(() => joined() > before || one?.isAlive !== true, foundAgainWithinMs, signal);
      });
      return { isEffective, told: address, followed: joined() > before ? ["node joined again"] : [] };
    },
  },
  {
    name: "node frozen",
    weight: 2,
    isOfNode: true,
    run: away(async (stage) => {
      const { pid } = stage.node;
      send(pid, "SIGSTOP");
      await last(stage, 2);
      send(pid, "SIGCONT");
    }),
  },
  {
    name: "the node's disk is full",
    weight: 1,
    isOfNode: true,
    run: away(async (stage) => {
      const one = stage.jobNow()?.current;
      const told = () => one?.events.filter(({ type, name }) => problems.has(type) && name === stage.node.name).length;
      const before = told();
      const empty = await stage.farm.fillNode(stage.node);
      await last(stage);
      await until(() => told() !== before || one?.isAlive !== true, noticedWithinMs, stage.signal);
      empty();
    }),
  },
  {
    name: "all nodes killed at once",
    weight: 1,
    leadsTo: ["job:waiting", "node:lost", "frame:requeued"],
    async run(stage) {
      const { farm } = stage;
      const isUnderWay = await aimAtJob(stage);
      const well = farm.nodes.filter(({ isBusy }) => !isBusy);
      let isEffective = false;
      for (const node of well) node.isBusy = true;
      try {
        await farm.whileAway(well, async () => {
          await Promise.all(well.map((node) => node.kill()));
          isEffective = isUnderWay && farm.nodes.every(({ isAway }) => isAway);
          await last(stage);
          await Promise.all(well.map((node) => node.start()));
        });
      } finally {
        for (const node of well) node.isBusy = false;
      }
      return { isEffective, told: well.map(({ name }) => name).join(", ") };
    },
  },
];
