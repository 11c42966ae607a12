import { setTimeout as delay } from "node:timers/promises";
import { isSoon } from "../support/wait-for.ts";
import type { ChaosNode } from "./chaos-node.ts";
import { Stage } from "./faults/fault.ts";
import { onceEach, type PlannedFault } from "./plan.ts";
import type { World } from "./world.ts";

/** How long an aimed fault waits for something to hit, and one that is done again. */
const [aimMs, aimAgainMs] = [6_000, 60_000];
/** What had no effect is done again so often, and no more is begun after this time. */
const rounds = 3;
const againWithinMs = 5 * 60_000;
/** On so many nodes at once, beside what was planned for one of its own. */
const mostNodesBusy = 2;

/** Does what the plan says; then, one by one, what never hit anything. Resolves when every fault is over and undone. */
export async function disturb(world: World, plan: readonly PlannedFault[]): Promise<void> {
  const { report, signal } = world.farm;
  const beganMs = performance.now();
  const underWay: Promise<void>[] = [];
  for (const planned of plan) {
    const waitsMs = beganMs + planned.atSeconds * 1_000 - performance.now();
    await delay(waitsMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) break;
    underWay.push(perform(world, planned, nodeFor(world, planned.name), planned.isAimed ? aimMs : 0));
  }
  await Promise.all(underWay);
  await startMissing(world);

  const againUntilMs = performance.now() + againWithinMs;
  for (let round = 0; round < rounds; round += 1) {
    for (const planned of onceEach(plan)) {
      if (signal.aborted || performance.now() > againUntilMs) break;
      if (world.ledger.hasHit(planned.fault.name)) continue;
      report.say("again, as it hit nothing:");
      await perform(world, planned, await nodeAtWork(world, planned.name), aimAgainMs);
    }
  }
  await startMissing(world);
  if (!signal.aborted) report.say("all faults are done and undone");
}

async function perform(world: World, planned: PlannedFault, node: ChaosNode, waitsMs: number): Promise<void> {
  const { report } = world.farm;
  const { fault, seconds } = planned;
  const { isOfNode = false } = fault;
  const what = isOfNode ? `${node.name}: ${fault.name}` : fault.name;
  if (isOfNode && node.isBusy) {
    report.say(`${what} – not done, another fault is at work there`);
    return;
  }
  if (isOfNode) node.isBusy = true;
  report.say(`${what} (${seconds} s; ${world.job?.current?.stored ?? 0} stored)`);
  const entry = world.ledger.begin(fault.name, isOfNode ? node.name : undefined, fault.leadsTo);
  try {
    const { isEffective, followed = [], told } = await fault.run(new Stage(world, node, planned, waitsMs));
    world.ledger.end(entry, isEffective, followed);
    const words = [...(told ? [told] : []), ...followed, ...(isEffective ? [] : ["it hit nothing"])];
    if (words.length > 0) report.say(`  ${what}: ${words.join(", ")}`);
  } catch (error) {
    world.ledger.end(entry, false);
    report.complain(`${what}: ${error instanceof Error ? error.message : error}`);
  } finally {
    if (isOfNode) node.isBusy = false;
  }
}

/** A node that has ended by itself was complained of; what is left to do is done with it nevertheless. */
async function startMissing({ farm }: World): Promise<void> {
  for (const node of farm.nodes) if (!node.isAlive) await node.start();
}

/** The node that was planned; the next free one when a fault is at work there, unless too many are busy already. */
function nodeFor({ farm }: World, name: string): ChaosNode {
  const [planned, ...others] = farm.nodesFrom(name);
  const free = [planned, ...others].filter(({ isBusy }) => !isBusy);
  return farm.nodes.length - free.length < mostNodesBusy ? (free[0] ?? planned) : planned;
}

/** The first one that renders: the planned one may be kept by a job that has ended without its knowledge. */
async function nodeAtWork(world: World, name: string): Promise<ChaosNode> {
  const { farm } = world;
  const atWork = () => farm.nodesFrom(name).find((node) => world.job?.current?.isRendering(node.name) === true);
  await isSoon(() => atWork() !== undefined, aimAgainMs, farm.signal);
  return atWork() ?? nodeFor(world, name);
}
