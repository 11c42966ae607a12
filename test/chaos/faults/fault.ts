import { setTimeout as delay } from "node:timers/promises";
import type { Dice } from "../../support/simulation/simulate-dice.ts";
import { isSoon } from "../../support/wait-for.ts";
import type { ChaosFarm } from "../chaos-farm.ts";
import type { ChaosNode } from "../chaos-node.ts";
import type { Job } from "../job.ts";

/** What a fault acts on. */
export interface Stage {
  readonly farm: ChaosFarm;
  /** The node that the fault affects. */
  readonly node: ChaosNode;
  /** The job of the film that is being made. */
  readonly jobNow: () => Job | undefined;
  /** Starts a job for a small film of another blendfile on the same nodes. */
  readonly beside: () => Job;
  /** A blendfile of another scene. */
  readonly other: string;
  /** Folder in which a file named after a node makes that node's Blender hang. */
  readonly hangs: string;
  /** How long it lasts. */
  readonly seconds: number;
  readonly dice: Dice;
  /** How long it may wait for something to hit; it is done even if there is nothing. */
  readonly aimMs: number;
}

export interface Outcome {
  /** Whether it hit something that was running. */
  readonly isEffective: boolean;
  /** Its consequences, in few words that can be counted. */
  readonly followed?: readonly string[];
  /** What else is worth saying. */
  readonly told?: readonly string[];
}

/** A kind of fault. */
export interface Fault {
  readonly name: string;
  /** How often it occurs in relation to the others: a whole number. */
  readonly weight: number;
  /** Whether it needs a node that no other fault affects. */
  readonly isOfNode?: boolean;
  /** Events that name no node and may follow it. */
  readonly leadsTo?: readonly string[];
  /** Why it cannot be done here. */
  readonly problem?: string | undefined;
  readonly run: (stage: Stage) => Promise<Outcome>;
}

export function missed(why: string): Outcome {
  return { isEffective: false, told: [why] };
}

/** Waits as long as the fault lasts, or until the run is ended. */
export async function last({ seconds, farm }: Stage, times = 1): Promise<void> {
  await delay(seconds * times * 1_000, undefined, { signal: farm.signal }).catch(() => {});
}

/** Waits for a condition, or until the run is ended. @returns Whether it came true in time */
export function until(stage: Stage, condition: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
  return isSoon(condition, withinMs, stage.farm.signal);
}

/** Waits until the node is rendering a frame of the film. @returns Whether it is */
export function aimAtNode(stage: Stage): Promise<boolean> {
  return until(stage, () => stage.jobNow()?.current?.isRendering(stage.node.name) === true, stage.aimMs);
}

/** Waits until any node is rendering a frame of the film. @returns Whether one is */
export function aimAtJob(stage: Stage): Promise<boolean> {
  return until(stage, () => stage.jobNow()?.current?.isRendering() === true, stage.aimMs);
}
