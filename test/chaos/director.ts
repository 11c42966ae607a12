import { setTimeout as delay } from "node:timers/promises";
import { Dice } from "../support/simulation/simulate-dice.ts";
import { isSoon } from "../support/wait-for.ts";
import type { ChaosNode } from "./chaos-node.ts";
import type { Stage } from "./faults/fault.ts";
import type { Ledger } from "./ledger.ts";
import { onceEach, type PlannedFault } from "./plan.ts";

/** How long a fault waits for something to hit: an aimed one, and one that is repeated. */
const [aimMs, aimAgainMs] = [6_000, 60_000];
/** How often faults that hit nothing are repeated, and until when. */
const rounds = 3;
const againWithinMs = 5 * 60_000;
/** How many nodes may have a fault at once. */
const mostNodesBusy = 2;

/** What all faults have in common. */
export type CommonStage = Pick<Stage, "farm" | "jobNow" | "beside" | "other" | "hangs">;

/** Carries out the plan. */
export class Director {
  readonly #stage: CommonStage;
  readonly #ledger: Ledger;

  constructor(stage: CommonStage, ledger: Ledger) {
    this.#stage = stage;
    this.#ledger = ledger;
  }

  /** Does the planned faults, then repeats those that hit nothing. Resolves when every fault is over and undone. */
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
      report.say(`${name}: ${fault.name} – skipped, another fault affects that node`);
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

  /** Restarts nodes that ended on their own: they were complained of, and later faults need them. */
  async #startMissing(): Promise<void> {
    const { nodes, signal } = this.#stage.farm;
    for (const node of nodes) if (!node.isAlive && !signal.aborted) await node.start();
  }

  /** The planned node, or the next free one if a fault affects it, unless too many are busy already. */
  #nodeFor(name: string): ChaosNode {
    const [planned, ...others] = this.#nodesFrom(name);
    const busy = [planned, ...others].filter(({ isBusy }) => isBusy).length;
    if (busy >= mostNodesBusy) return planned;
    return [planned, ...others].find(({ isBusy }) => !isBusy) ?? planned;
  }

  /** The first node that renders: the planned one may still keep a job that has ended. */
  async #nodeAtWork(name: string): Promise<ChaosNode> {
    const { jobNow, farm } = this.#stage;
    const atWork = () => this.#nodesFrom(name).find((node) => jobNow()?.current?.isRendering(node.name) === true);
    await isSoon(() => atWork() !== undefined, aimAgainMs, farm.signal);
    return atWork() ?? this.#nodeFor(name);
  }

  /** All nodes, this one first. */
  #nodesFrom(name: string): [ChaosNode, ...ChaosNode[]] {
    const { nodes } = this.#stage.farm;
    const place = nodes.findIndex((node) => node.name === name);
    const [first, ...others] = [...nodes.slice(place), ...nodes.slice(0, place)];
    if (first === undefined) throw new Error("The farm has no nodes");
    return [first, ...others];
  }
}
