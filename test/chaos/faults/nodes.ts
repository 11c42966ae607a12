import { send } from "../../support/processes.ts";
import { aimAtJob, aimAtNode, type Fault, last, type Stage, until } from "./fault.ts";

/** Enough for the heartbeat's timeout, the node's next announcement and the next query. */
const foundAgainWithinMs = 60_000;
/** Until a frame or a blendfile finds no room. */
const noticedWithinMs = 15_000;
const problems = new Set(["frame:requeued", "node:excluded", "node:barred", "node:lost"]);

interface Outage {
  readonly weight?: number;
  readonly begin: (stage: Stage) => unknown;
  /** @default {Starts the node} */
  readonly end?: (stage: Stage) => unknown;
  /** How long it lasts, from the planned time. */
  readonly length?: (seconds: number) => number;
}

/** A fault during which a node cannot be used for a while. */
function outage(name: string, { weight = 1, begin, end = start, length = (seconds) => seconds }: Outage): Fault {
  const run = async (stage: Stage) => {
    const isEffective = await aimAtNode(stage);
    await stage.farm.whileAway([stage.node], async () => {
      await begin(stage);
      await last({ ...stage, seconds: length(stage.seconds) });
      await end(stage);
    });
    return { isEffective };
  };
  return { name, weight, isOfNode: true, run };
}

const start = ({ node }: Stage) => node.start();
const kill = ({ node }: Stage) => node.kill();
const pullCable = ({ farm, node }: Stage) => farm.lab.network.cut(node.name);
const plugCable = ({ farm, node }: Stage) => farm.lab.network.reconnect(node.name);

const outages = [
  outage("kill -9 of the node", { weight: 3, begin: kill }),
  outage("kill -9 of the node, which starts again with an empty cache", {
    begin: async (stage) => {
      await kill(stage);
      await stage.farm.emptyCache(stage.node);
    },
  }),
  outage("the owner ends the node", { begin: ({ node }) => node.stop() }),
  outage("machine switched off", {
    weight: 2,
    begin: async ({ farm, node }) => {
      const slots = await node.slots();
      await farm.lab.network.switchOff(node.name);
      for (const pid of slots) send(pid, "SIGKILL");
      await node.kill();
    },
    end: async ({ farm, node }) => {
      await farm.lab.network.plugIn(node.name);
      await node.start();
    },
  }),
  outage("cable pulled", { weight: 3, begin: pullCable, end: plugCable }),
  outage("cable pulled for longer than the heartbeat allows", {
    weight: 2,
    begin: pullCable,
    end: plugCable,
    length: (seconds) => 11 + seconds,
  }),
];

const otherAddress: Fault = {
  name: "another address",
  weight: 1,
  isOfNode: true,
  async run(stage) {
    const { farm, node } = stage;
    const isEffective = await aimAtNode(stage);
    const one = stage.jobNow()?.current;
    const joined = () => one?.run.all("node:joined").filter(({ name }) => name === node.name).length ?? 0;
    const before = joined();
    const address = await farm.readdress(node);
    await farm.whileAway([node], async () => {
      await until(stage, () => joined() > before || one?.isAlive !== true, foundAgainWithinMs);
    });
    return { isEffective, told: [address], followed: joined() > before ? ["node joined again"] : [] };
  },
};

const frozen = outage("node frozen", {
  weight: 2,
  begin: ({ node }) => send(node.pid, "SIGSTOP"),
  end: ({ node }) => send(node.pid, "SIGCONT"),
  length: (seconds) => 2 * seconds,
});

const diskFull: Fault = {
  name: "the node's disk is full",
  weight: 1,
  isOfNode: true,
  async run(stage) {
    const { farm, node } = stage;
    const isEffective = await aimAtNode(stage);
    const one = stage.jobNow()?.current;
    const told = () => one?.run.events.filter(({ type, name }) => problems.has(type) && name === node.name).length;
    await farm.whileAway([node], async () => {
      const before = told();
      const empty = await farm.fillNode(node);
      await last(stage);
      await until(stage, () => told() !== before || one?.isAlive !== true, noticedWithinMs);
      await empty();
    });
    return { isEffective };
  },
};

const allKilled: Fault = {
  name: "all nodes killed at once",
  weight: 1,
  leadsTo: ["job:waiting", "node:lost", "frame:requeued"],
  async run(stage) {
    const { farm } = stage;
    const isUnderWay = await aimAtJob(stage);
    const free = farm.nodes.filter(({ isBusy }) => !isBusy);
    let isEffective = false;
    for (const node of free) node.isBusy = true;
    try {
      await farm.whileAway(free, async () => {
        await Promise.all(free.map((node) => node.kill()));
        isEffective = isUnderWay && farm.nodes.every(({ isAway }) => isAway);
        await last(stage);
        await Promise.all(free.map((node) => node.start()));
      });
    } finally {
      for (const node of free) node.isBusy = false;
    }
    return { isEffective, told: [free.map(({ name }) => name).join(", ")] };
  },
};

/** Faults of nodes and their cables. */
export const nodeFaults: readonly Fault[] = [...outages, otherAddress, frozen, diskFull, allKilled];
