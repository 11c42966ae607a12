import { setTimeout as delay } from "node:timers/promises";
import { Dice } from "../support/simulation/simulate-dice.ts";
import { isSoon } from "../support/wait-for.ts";
import type { ChaosNode } from "./chaos-node.ts";
import type { Stage } from "./faults/fault.ts";
import type { Ledger } from "./ledger.ts";
import { onceEach, type PlannedFault } from "./plan.ts";

/** How long an aimed fault waits for something to hit, and one that is done again. */
const [aimMs, aimAgainMs] = [6_000, 60_000];
/** What had no effect is done again so often, and no more is begun after this time. */
const rounds = 3;
const againWithinMs = 5 * 60_000;
/** On so many nodes at once, beside what was planned for one of its own. */
const mostNodesBusy = 2;

/** What all faults are done to. */
export type CommonStage = Pick<Stage, "farm" | "jobNow" | "beside" | "other" | "hangs">;

/** Does what is planned. */
export class Director {
  readonly #stage: CommonStage;
  readonly #ledger: Ledger;

  constructor(stage: CommonStage, ledger: Ledger) {
    this.#stage = stage;
    this.#ledger = ledger;
  }

  /** Does what the plan says; then, one by one, what never hit anything. Resolves when every fault is over and undone. */
  async disturb(plan: readonly PlannedFault[]): Promise<void> {
    const { report, signal } = this.#stage.farm;
    const beganMs = performance.now();
    const underWay: Promise<void>[] = [];
    for (const planned of plan) {
      const waitsMs = beganMs + planned.atSeconds * 1_000 - performance.now();
      await delay(waitsMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) break;
      underWay.push(this.#perform(planned, this.#nodeFor(planned.name), planned.isAimed ? aimMs : 0));
    }
    await Promise.all(underWay);
    await this.#startMissing();

    const againUntilMs = performance.now() + againWithinMs;
    for (let round = 0; round < rounds; round += 1) {
      for (const planned of onceEach(plan)) {
        if (signal.aborted || performance.now() > againUntilMs) break;
        if (this.#ledger.hasHit(planned.fault.name)) continue;
        report.say("again, as it hit nothing:");
        await this.#perform(planned, await this.#nodeAtWork(planned.name), aimAgainMs);
      }
    }
    await this.#startMissing();
    if (!signal.aborted) report.say("all faults are done and undone");
  }

  async #perform({ fault, name, seconds, seed }: PlannedFault, node: ChaosNode, waitsMs: number): Promise<void> {
    const { report, signal } = this.#stage.farm;
    const { isOfNode = false } = fault;
    const what = isOfNode ? `${node.name}: ${fault.name}` : fault.name;
    if (isOfNode && node.isBusy) {
      report.say(`${name}: ${fault.name} – not done, another fault is at work there`);
      return;
    }
    if (isOfNode) node.isBusy = true;
    report.say(`${what} (${seconds} s; ${this.#stage.jobNow()?.current?.stored ?? 0} stored)`);
    const entry = this.#ledger.begin(fault.name, isOfNode ? node.name : undefined, fault.leadsTo);
    try {
      const stage = { ...this.#stage, node, seconds, aimMs: waitsMs, dice: new Dice(seed) };
      const { isEffective, followed = [], told = [] } = await fault.run(stage);
      this.#ledger.end(entry, isEffective, followed);
      const words = [...told, ...followed, ...(isEffective ? [] : ["it hit nothing"])];
      if (words.length > 0) report.say(`  ${what}: ${words.join(", ")}`);
    } catch (error) {
      this.#ledger.end(entry, false);
      if (!signal.aborted) report.complain(`${what}: ${error instanceof Error ? error.message : error}`);
    } finally {
      if (isOfNode) node.isBusy = false;
    }
  }

  /** A node that has ended by itself was complained of; what is left to do is done with it nevertheless. */
  async #startMissing(): Promise<void> {
    const { nodes, signal } = this.#stage.farm;
    for (const node of nodes) if (!node.isAlive && !signal.aborted) await node.start();
  }

  /** The node that was planned; the next free one when a fault is at work there, unless too many are busy already. */
  #nodeFor(name: string): ChaosNode {
    const [planned, ...others] = this.#nodesFrom(name);
    const busy = [planned, ...others].filter(({ isBusy }) => isBusy).length;
    if (busy >= mostNodesBusy) return planned;
    return [planned, ...others].find(({ isBusy }) => !isBusy) ?? planned;
  }

  /** The first one that renders: the planned one may be kept by a job that has ended without its knowledge. */
  async #nodeAtWork(name: string): Promise<ChaosNode> {
    const { jobNow, farm } = this.#stage;
    const atWork = () => this.#nodesFrom(name).find((node) => jobNow()?.current?.isRendering(node.name) === true);
    await isSoon(() => atWork() !== undefined, aimAgainMs, farm.signal);
    return atWork() ?? this.#nodeFor(name);
  }

  /** All of them, this one first. */
  #nodesFrom(name: string): [ChaosNode, ...ChaosNode[]] {
    const { nodes } = this.#stage.farm;
    const place = nodes.findIndex((node) => node.name === name);
    const [first, ...others] = [...nodes.slice(place), ...nodes.slice(0, place)];
    if (first === undefined) throw new Error("The farm has no nodes");
    return [first, ...others];
  }
}
