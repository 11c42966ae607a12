import { setTimeout as delay } from "node:timers/promises";
import { Dice } from "../../support/simulation/simulate-dice.mjs";
import { isSoon } from "../../support/wait-for.ts";
import type { ChaosNode } from "../chaos-node.ts";
import type { Coordinator } from "../coordinator.ts";
import type { Job } from "../job.ts";
import type { World } from "../world.ts";

/** A kind of fault. */
export interface Fault extends FaultTraits {
  readonly name: string;
  /** How often it comes, against the others: a whole number. */
  readonly weight: number;
  readonly run: (stage: Stage) => Promise<Outcome>;
}

interface FaultTraits {
  /** Whether it needs a node to which no other fault is done. */
  readonly isOfNode?: boolean;
  /** Events about no node that may follow it. */
  readonly leadsTo?: readonly string[];
  /** Why it cannot be done here. */
  readonly problem?: string | undefined;
}

export interface Outcome {
  /** Whether it hit something that was under way. */
  readonly isEffective: boolean;
  /** What came of it, in few words that can be counted. */
  readonly followed?: readonly string[];
  /** What else is worth saying. */
  readonly told?: string;
}

export function fault(name: string, weight: number, run: Fault["run"], traits: FaultTraits = {}): Fault {
  return { name, weight, run, ...traits };
}

export function nodeFault(name: string, weight: number, run: Fault["run"]): Fault {
  return { name, weight, run, isOfNode: true };
}

export function missed(told: string): Outcome {
  return { isEffective: false, told };
}

/** To what a fault is done, and how. Nothing waits any longer once the run was ended. */
export class Stage {
  readonly world: World;
  /** The one it is about. */
  readonly node: ChaosNode;
  /** How long it is to last. */
  readonly seconds: number;
  readonly dice: Dice;
  readonly #aimMs: number;

  /** @param aimMs How long it may wait for something to hit; it is done in any case */
  constructor(world: World, node: ChaosNode, planned: { seconds: number; seed: number }, aimMs: number) {
    this.world = world;
    this.node = node;
    this.seconds = planned.seconds;
    this.dice = new Dice(planned.seed);
    this.#aimMs = aimMs;
  }

  /** Of the film that is being made. */
  get job(): Job | undefined {
    return this.world.job;
  }

  get coordinator(): Coordinator | undefined {
    return this.job?.current;
  }

  async last(seconds = this.seconds): Promise<void> {
    await delay(seconds * 1_000, undefined, { signal: this.world.farm.signal }).catch(() => {});
  }

  /** @returns Whether it was so in time */
  until(condition: () => boolean | Promise<boolean>, withinMs = this.#aimMs): Promise<boolean> {
    return isSoon(condition, withinMs, this.world.farm.signal);
  }

  /** Waits until the node renders a frame of the film. @returns Whether it does */
  aimAtNode(): Promise<boolean> {
    return this.until(() => this.coordinator?.isRendering(this.node.name) === true);
  }

  /** Waits until any node renders a frame of the film. @returns Whether one does */
  aimAtJob(): Promise<boolean> {
    return this.until(() => this.coordinator?.isRendering() === true);
  }
}
