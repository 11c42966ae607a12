import { setTimeout as delay } from "node:timers/promises";
import type { Dice } from "../../support/simulation/simulate-dice.ts";
import { isSoon } from "../../support/wait-for.ts";
import type { ChaosFarm } from "../chaos-farm.ts";
import type { ChaosNode } from "../chaos-node.ts";
import type { Job } from "../job.ts";

/** What a fault may do, and to what. */
export interface Stage {
  readonly farm: ChaosFarm;
  /** The one it is about. */
  readonly node: ChaosNode;
  /** The film that is being made. */
  readonly jobNow: () => Job | undefined;
  /** Begins a small film of another blendfile on the same nodes. */
  readonly beside: () => Job;
  /** A blendfile of another scene. */
  readonly other: string;
  /** Folder in which a file by a node's name makes that node's Blender hang. */
  readonly hangs: string;
  /** How long it lasts. */
  readonly seconds: number;
  readonly dice: Dice;
  /** How long it may wait for something to hit; it is done in any case. */
  readonly aimMs: number;
}

export interface Outcome {
  /** Whether it hit something that was under way. */
  readonly isEffective: boolean;
  /** What came of it, in few words that can be counted. */
  readonly followed?: readonly string[];
  /** What else is worth saying. */
  readonly told?: readonly string[];
}

/** A kind of fault. */
export interface Fault {
  readonly name: string;
  /** How often it comes, against the others: a whole number. */
  readonly weight: number;
  /** Whether it needs a node to which no other fault is done. */
  readonly isOfNode?: boolean;
  /** Events about no node that may follow it. */
  readonly leadsTo?: readonly string[];
  /** Why it cannot be done here. */
  readonly problem?: string | undefined;
  readonly run: (stage: Stage) => Promise<Outcome>;
}

export function missed(why: string): Outcome {
  return { isEffective: false, told: [why] };
}

/** Lasts as long as the fault is to last; not after the run was ended. */
export async function last({ seconds, farm }: Stage, times = 1): Promise<void> {
  await delay(seconds * times * 1_000, undefined, { signal: farm.signal }).catch(() => {});
}

/** Waits for something; not after the run was ended. @returns Whether it was so in time */
export function until(stage: Stage, condition: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
  return isSoon(condition, withinMs, stage.farm.signal);
}

/** Waits until the node renders a frame of the film. @returns Whether it does */
export function aimAtNode(stage: Stage): Promise<boolean> {
  return until(stage, () => stage.jobNow()?.current?.isRendering(stage.node.name) === true, stage.aimMs);
}

/** Waits until any node renders a frame of the film. @returns Whether one does */
export function aimAtJob(stage: Stage): Promise<boolean> {
  return until(stage, () => stage.jobNow()?.current?.isRendering() === true, stage.aimMs);
}
