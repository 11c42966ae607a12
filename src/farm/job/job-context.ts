import type { JobSettings } from "../../config/job-settings.ts";
import type { FarmListener } from "../events.ts";
import type { ConfirmOpenNode } from "../nodes/trust/open-nodes.ts";
import type { RefusedBefore } from "../output/refused-frames.ts";
import type { SceneFacts } from "../output/scene-facts.ts";
import type { JobTotals } from "./job-totals.ts";
import type { PreparedJob } from "./prepare-job.ts";

/** What a job may ask the user while it runs. */
export interface JobQuestions {
  /**
   * Asked which frames to render, once the scene is known, when the settings do not say.
   *
   * @param own The scene's own frames, as `--frames` takes them
   */
  readonly chooseFrames?: (own: string) => Promise<string>;
  /**
   * Asked about each open node that only a farmspec names, before the blendfile goes to any node; a yes is remembered for
   * that node at that address. Without it such a node ends the job with `FARM_NODE_OPEN`.
   */
  readonly confirmOpenNode?: ConfirmOpenNode;
}

/** What every stage of a job knows. */
export interface JobContext extends JobQuestions {
  readonly settings: JobSettings;
  readonly prepared: PreparedJob;
  /** Whose frames FFmpeg has refused in this run. */
  readonly refusedBefore: RefusedBefore;
  readonly tell: FarmListener;
  /** Aborted when the user wants to finish what runs and begin nothing. */
  readonly drain: AbortSignal;
  /** Aborted when the job must stop at once. */
  readonly signal: AbortSignal;
}

/** What became of a job: all frames are in the video, or it was stopped on request. */
export type JobOutcome =
  | { readonly type: "complete"; readonly facts: SceneFacts; readonly totals: JobTotals }
  | { readonly type: "stopped"; readonly missing: number };
