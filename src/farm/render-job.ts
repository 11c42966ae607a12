import { hostname, userInfo } from "node:os";
import { systemClock } from "../core/clock.ts";
import { FarmError } from "../core/errors.ts";
import type { JobSettings } from "../core/job-settings.ts";
import type { JobFolder, Run } from "../frames/job-folder.ts";
import type { Outcome } from "../scheduler/events.ts";
import { formatFrames } from "../core/frame-range.ts";
import type { FarmListener, NodeTally } from "./events.ts";
import { Gathering } from "./gathering.ts";
import { prepare, type Preparation } from "./preparation.ts";
import { type Production, produce } from "./production.ts";

/** How a job ended, if not by an error. */
export type JobResult =
  | {
      readonly type: "completed";
      readonly output: string;
      /** Frames expected, stored, checked and in the video. */
      readonly frames: number;
      /** How many of them an earlier run had stored. */
      readonly reused: number;
      readonly seconds: number;
      readonly nodes: readonly NodeTally[];
      readonly warnings: readonly string[];
    }
  /** Stopped by the user; the same call goes on from the job folder. */
  | { readonly type: "interrupted"; readonly missing: number };

export type CompletedJob = Extract<JobResult, { type: "completed" }>;

export interface RenderOptions {
  readonly onEvent: FarmListener;
  /** Aborting finishes what runs, begins nothing, and ends as `interrupted`. */
  readonly drain: AbortSignal;
  /** Aborting stops at once; what is stored is kept. */
  readonly signal: AbortSignal;
}

/**
 * Renders a blendfile on the nodes of the network and makes the video: the whole of what this program is for.
 *
 * It ends well only when every expected frame is stored, was checked and is in the video. Nothing it starts outlives it:
 * no process, no link, no temporary file; the job folder beside the output stays as the record, and as the place from
 * which the same call goes on after any interruption.
 *
 * @throws {FarmError} With a stable code and a hint; whatever else is thrown is a bug
 */
export async function renderJob(settings: JobSettings, options: RenderOptions): Promise<JobResult> {
  const startedMs = systemClock.monotonicMs();
  const ending = new AbortController();
  const signal = AbortSignal.any([options.signal, ending.signal]);
  try {
    await using preparation = await prepare(settings, signal);
    const { folder } = preparation;
    const { blend, output } = settings;
    const give = AbortSignal.any([signal, folder.lost]);
    options.onEvent({ type: "job:started", blend, output, folder: folder.path });

    await using gathering = new Gathering(settings, preparation, options.onEvent, give);
    const version = await gathering.chooseVersion(options.drain);
    const run = await beginRun(folder, settings, preparation, version);
    tellRun(run, options.onEvent);
    gathering.begin({ job: run.job, holder: holderName() });

    const production: Production = { settings, preparation, gathering, run, version };
    const done = await produce(production, options, give);
    return resultOf(done, settings, startedMs);
  } catch (error) {
    if (options.signal.aborted) return { type: "interrupted", missing: 0 };
    throw error;
  } finally {
    ending.abort();
  }
}
