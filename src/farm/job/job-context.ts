import type { JobSettings } from "../../config/job-settings.ts";
import type { BakedBlend } from "../../frames/baked-blend.ts";
import type { FarmListener } from "../events.ts";
import type { UpcomingFrames } from "../nodes/supply/upcoming-frames.ts";
import type { ConfirmOpenNode } from "../nodes/trust/open-nodes.ts";
import type { RefusedBefore } from "../output/refused-frames.ts";
import type { SceneFacts } from "../output/scene-facts.ts";
import type { Estimate } from "./estimate/estimate.ts";
import type { FarmSize } from "./estimate/farm-size.ts";
import type { ConfirmEstimate } from "./estimate/trial.ts";
import type { JobTotals } from "./job-totals.ts";
import type { PreparedJob } from "./prepare-job.ts";

/**
 * @param name The node's
 * @param expectedMs How long the whole bake takes, in milliseconds
 * @param signal Aborting withdraws the question
 */
type ConfirmBake = (name: string, expectedMs: number, signal: AbortSignal) => Promise<boolean>;

/** What a job may ask the user while it runs. */
export interface JobQuestions {
  /**
   * Asks about each open node that only a farmspec names, before any node gets the blendfile. A yes is remembered for
   * that node at that address. Without this function, such a node ends the job with `FARM_NODE_OPEN`.
   */
  readonly confirmOpenNode?: ConfirmOpenNode;
  /**
   * Asks whether a bake that takes long shall continue; otherwise each node plays the scene. The node bakes meanwhile.
   * Without this function, it continues.
   */
  readonly confirmBake?: ConfirmBake;
  /**
   * Asks whether to render the other frames, once a job with `estimate` knows how long they will take. Without this
   * function, they are not rendered, and the job ends as `estimated`.
   */
  readonly confirmEstimate?: ConfirmEstimate;
}

/** What every stage of a job needs. */
export interface JobContext extends JobQuestions {
  readonly settings: JobSettings;
  readonly prepared: PreparedJob;
  /** The frames that are still to be rendered, once they are known. */
  readonly upcoming: UpcomingFrames;
  /** Nodes whose frames FFmpeg has refused in this run. */
  readonly refusedBefore: RefusedBefore;
  /** Whether a bake is still to be tried, did not work, or is not needed as this copy has it. */
  readonly bake: "untried" | "failed" | BakedBlend;
  /** Whether that copy is of an earlier run, in which other files may have been used. */
  readonly isEarlierBake: boolean;
  /** How many links were lost while their nodes baked. */
  readonly lostBakes: number;
  /** Whether the user has let a bake that takes long continue: that is not asked again. */
  readonly mayBakeLong: boolean;
  /** The nodes that render it. */
  readonly farm: FarmSize;
  readonly tell: FarmListener;
  /** Aborted when the user wants running frames finished and no new ones started. */
  readonly drain: AbortSignal;
  /** Aborted when the job must stop at once. */
  readonly signal: AbortSignal;
}

/** What a bake, or the attempt at one, leaves to the next attempt at the job. */
export type BakeState = Pick<JobContext, "bake" | "lostBakes" | "mayBakeLong">;

/** How a job ended, unless it failed. */
export type JobOutcome =
  | { readonly type: "complete"; readonly facts: SceneFacts; readonly totals: JobTotals }
  | { readonly type: "stopped"; readonly missing: number }
  /** The user wanted to know how long it takes, and no more. */
  | { readonly type: "estimated"; readonly estimate: Estimate };

/** How an attempt at a job ended. */
export type RunOutcome =
  | JobOutcome
  /** The job begins anew with a baked copy, without one, or without the one of an earlier run, which is out of date. */
  | ({ readonly type: "again" } & BakeState);
