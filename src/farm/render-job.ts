import { hostname, userInfo } from "node:os";
import { systemClock } from "../core/clock.ts";
import { fingerprintOf } from "../core/fingerprint.ts";
import type { JobSettings } from "../core/job-settings.ts";
import { counted } from "../core/text.ts";
import type { Run } from "../frames/job-folder.ts";
import type { FarmListener, NodeTally } from "./events.ts";
import { Gathering } from "./gathering.ts";
import { type Preparation, prepare } from "./preparation.ts";
import { produce } from "./production.ts";

/** A job of which every expected frame is in the video. */
export interface CompletedJob {
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

/** A job stopped by the user; the same call goes on from its folder. */
export interface InterruptedJob {
  readonly type: "interrupted";
  /** Frames that are not stored; `null` when it was stopped before their number was known. */
  readonly missing: number | null;
}

export type JobResult = CompletedJob | InterruptedJob;

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
  const { onEvent: tell, drain } = options;
  const startedMs = systemClock.monotonicMs();
  try {
    await using preparation = await prepare(settings, options.signal);
    const { folder } = preparation;
    const signal = AbortSignal.any([options.signal, folder.lost]);
    tell({ type: "job:started", blend: settings.blend, output: settings.output, folder: folder.path });

    await using gathering = new Gathering(settings, preparation, tell);
    const version = await gathering.chooseVersion(AbortSignal.any([signal, drain]));
    const run = await beginRun(settings, preparation, version);
    tellRestart(run, tell);
    const { blend, format } = preparation;
    const scene = settings.scene ?? null;
    gathering.begin({ job: run.job, holder: holder(), blob: blend, scene, colorMode: format.hasAlpha ? null : "RGB" });

    const produced = await produce({ settings, preparation, gathering, run, tell, drain, signal });
    if (produced.type === "stopped") return { type: "interrupted", missing: produced.missing };
    if (!settings.keepFrames) await folder.cleanUp();
    return {
      type: "completed",
      output: settings.output,
      frames: produced.facts.frames.length,
      reused: produced.reused,
      seconds: (systemClock.monotonicMs() - startedMs) / 1000,
      nodes: produced.tally.nodes((node) => gathering.pool.infoOf(node)),
      warnings: produced.tally.warnings,
    };
  } catch (error) {
    if (options.signal.aborted || isReasonOf(drain, error)) return { type: "interrupted", missing: null };
    throw error;
  }
}

/** Writes down what this run is, so that a later one knows which frames it may use. */
function beginRun(settings: JobSettings, preparation: Preparation, version: string): Promise<Run> {
  const { folder, blend, format } = preparation;
  const blenderVersion = settings.mixVersions ? null : version;
  const fingerprint = fingerprintOf({
    blend: blend.sha256,
    assets: [],
    scene: settings.scene ?? null,
    blenderVersion,
    overrides: { colorMode: format.hasAlpha ? null : "RGB" },
  });
  const { output, frames, scene, fps, order } = settings;
  const plan = { blend: settings.blend, output, frames, scene, fps, order };
  return folder.begin({ fingerprint, blenderVersion, blend, settings: plan });
}

function tellRestart(run: Run, tell: FarmListener): void {
  if (run.setAside === null) return;
  const { frames, folder } = run.setAside;
  tell({
    type: "job:restarted",
    reason: `the blendfile, the scene or the Blender version has changed; ${counted(frames, "old frame")} kept in ${folder}`,
  });
}

/** Whom other coordinators see as the one who has a node. */
function holder(): string {
  return `${userInfo().username}@${hostname()}`.slice(0, 256);
}

function isReasonOf(signal: AbortSignal, error: unknown): boolean {
  return signal.aborted && error === signal.reason;
}
