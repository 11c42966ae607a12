import { send } from "../../support/processes.ts";
import { type Fault, fault, nodeFault, type Stage } from "./fault.ts";

/** After the heartbeat's window, its next announcement and the next question. */
const foundAgainWithinMs = 60_000;
/** A frame or a blendfile that has no room: the next one is not far. */
const noticedWithinMs = 15_000;
const problems = new Set(["frame:requeued", "node:excluded", "node:barred", "node:lost"]);

type Deed = (stage: Stage) => unknown;

/** Something that keeps a node from being used for a while, and is undone. */
function outage(name: string, weight: number, begin: Deed, end: Deed, length = (seconds: number) => seconds): Fault {
  return nodeFault(name, weight, async (stage) => {
    const isEffective = await stage.aimAtNode();
    await stage.world.farm.whileAway([stage.node], async () => {
      await begin(stage);
      await stage.last(length(stage.seconds));
      await end(stage);
    });
    return { isEffective };
  });
}

const start: Deed = ({ node }) => node.start();
const kill: Deed = ({ node }) => node.kill();
const stop: Deed = ({ node }) => node.stop();
const pullCable: Deed = ({ world, node }) => world.farm.lab.network.cut(node.name);
const plugCable: Deed = ({ world, node }) => world.farm.lab.network.reconnect(node.name);
const freeze: Deed = ({ node }) => send(node.pid, "SIGSTOP");
const thaw: Deed = ({ node }) => send(node.pid, "SIGCONT");

const killAndForget: Deed = async ({ world, node }) => {
  await node.kill();
  await world.farm.emptyCache(node);
};

const switchOff: Deed = async ({ world, node }) => {
  const slots = await node.slots();
  await world.farm.lab.network.switchOff(node.name);
  for (const pid of slots) send(pid, "SIGKILL");
  await node.kill();
};

const switchOn: Deed = async ({ world, node }) => {
  await world.farm.lab.network.plugIn(node.name);
  await node.start();
};

/** What happens to nodes and their cables. */
export const nodeFaults: readonly Fault[] = [
  outage("kill -9 of the node", 3, kill, start),
  outage("kill -9 of the node, which starts again with an empty cache", 1, killAndForget, start),
  outage("the owner ends the node", 1, stop, start),
  outage("machine switched off", 2, switchOff, switchOn),
  outage("cable pulled", 3, pullCable, plugCable),
  outage("cable pulled for longer than the heartbeat allows", 2, pullCable, plugCable, (seconds) => 11 + seconds),

  nodeFault("another address", 1, async (stage) => {
    const { node, world } = stage;
    const isEffective = await stage.aimAtNode();
    const one = stage.coordinator;
    const joined = () => one?.run.all("node:joined").filter(({ name }) => name === node.name).length ?? 0;
    const before = joined();
    const told = await world.farm.readdress(node);
    await world.farm.whileAway([node], async () => {
      await stage.until(() => joined() > before || one?.isAlive !== true, foundAgainWithinMs);
    });
    return { isEffective, told, followed: joined() > before ? ["node joined again"] : [] };
  }),

  outage("node frozen", 2, freeze, thaw, (seconds) => 2 * seconds),

  nodeFault("the node's disk is full", 1, async (stage) => {
    const { node, world } = stage;
    const isEffective = await stage.aimAtNode();
    const one = stage.coordinator;
    const told = () => one?.run.events.filter(({ type, name }) => problems.has(type) && name === node.name).length;
    await world.farm.whileAway([node], async () => {
      const before = told();
      const empty = await world.farm.fillNode(node);
      await stage.last();
      await stage.until(() => told() !== before || one?.isAlive !== true, noticedWithinMs);
      await empty();
    });
    return { isEffective };
  }),

  fault(
    "all nodes killed at once",
    1,
    async (stage) => {
      const { farm } = stage.world;
      const isUnderWay = await stage.aimAtJob();
      const free = farm.nodes.filter(({ isBusy }) => !isBusy);
      let isEffective = false;
      for (const node of free) node.isBusy = true;
      await farm.whileAway(free, async () => {
        await Promise.all(free.map((node) => node.kill()));
        isEffective = isUnderWay && farm.nodes.every(({ isAway }) => isAway);
        await stage.last();
        await Promise.all(free.map((node) => node.start()));
      });
      for (const node of free) node.isBusy = false;
      return { isEffective, told: free.map(({ name }) => name).join(", ") };
    },
    { leadsTo: ["job:waiting", "node:lost", "frame:requeued"] },
  ),
];
