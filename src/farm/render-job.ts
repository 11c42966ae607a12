import { hostname, userInfo } from "node:os";
import { systemClock } from "../core/clock.ts";
import type { JobSettings } from "../core/job-settings.ts";
import { counted } from "../core/text.ts";
import { JobFolder, type Run } from "../frames/job-folder.ts";
import type { FarmListener, NodeTally } from "./events.ts";
import { CreatedFolders } from "./job/created-folders.ts";
import { encodeStored, findStored, fingerprintFor } from "./job/encode-stored.ts";
import { JobTotals } from "./job/job-totals.ts";
import { type PreparedJob, prepareJob } from "./job/prepare-job.ts";
import { type JobOutcome, runJob } from "./job/run-job.ts";
import { Fleet } from "./nodes/fleet.ts";
import type { ConfirmOpenNode } from "./nodes/open-nodes.ts";
import { videoDoneBefore } from "./output/existing-output.ts";
import type { RefusedBefore } from "./output/refused-frames.ts";
import { stayAwake } from "./stay-awake.ts";

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
  /** Aborting finishes what runs, begins nothing, and ends as `interrupted`. */
  readonly drain: AbortSignal;
  /** Aborting stops at once; what is stored is kept. */
  readonly signal: AbortSignal;
}

/**
 * Renders a blendfile on the nodes of the network and makes the video: the whole of what this program is for.
 *
 * It ends well only when every expected frame is stored, was checked and is in the video. Nothing it starts outlives it:
 * no process, no link, no temporary file; the job folder, beside the output or in `jobDir`, stays as the record, and as
 * the place from which the same call goes on after any interruption. Only a job that fails before it is known what there
 * is to render leaves nothing.
 *
 * @throws {FarmError} With a stable code and a hint; whatever else is thrown is a bug
 */
export async function renderJob(settings: JobSettings, options: RenderOptions): Promise<JobResult> {
  const createdFolders = await CreatedFolders.before(settings.output, settings.poster);
  let hasBegun = false;
  const onEvent: FarmListener = (event) => {
    if (event.type === "scene:read") hasBegun = true;
    options.onEvent(event);
  };
  try {
    return await renderBegun(settings, { ...options, onEvent });
  } finally {
    if (!hasBegun) await createdFolders.remove();
  }
}

async function renderBegun(settings: JobSettings, options: RenderOptions): Promise<JobResult> {
  const { onEvent: tell, drain } = options;
  const startedMs = systemClock.monotonicMs();
  try {
    const done = await videoDoneBefore(settings, AbortSignal.any([options.signal, drain]));
    if (done !== null) return await endEarlier(settings, done, startedMs, tell);
    await using prepared = await prepareJob(settings, AbortSignal.any([options.signal, drain]));
    const { folder } = prepared;
    const signal = AbortSignal.any([options.signal, folder.lost]);
    tell({ type: "job:started", blend: settings.blend, output: settings.output, folder: folder.path });
    await using _awake = stayAwake(settings.allowSleep, tell);

    const { chooseFrames, confirmOpenNode } = options;
    const refusedBefore: RefusedBefore = new Map();
    const questions = { ...(chooseFrames && { chooseFrames }), ...(confirmOpenNode && { confirmOpenNode }) };
    const rendering = { settings, prepared, refusedBefore, tell, drain, signal, ...questions };
    const { outcome, nodes, warnings } = (await encodeEarlier(rendering)) ?? (await renderAndEncode(rendering));
    if (outcome.type === "stopped") return { type: "interrupted", missing: outcome.missing };
    if (!settings.keepFrames) await cleanUp(folder, outcome.totals);
    return {
      type: "completed",
      output: settings.output,
      frames: outcome.facts.frames.length,
      reused: outcome.totals.reused,
      seconds: (systemClock.monotonicMs() - startedMs) / 1000,
      nodes,
      warnings: [...warnings, ...outcome.totals.warnings],
    };
  } catch (error) {
    if (options.signal.aborted || isReasonOf(drain, error)) return { type: "interrupted", missing: null };
    throw error;
  }
}

/** An earlier run was ended between giving the video its name and clearing up: that is all that is left to do. */
async function endEarlier(
  settings: JobSettings,
  frames: number,
  startedMs: number,
  tell: FarmListener,
): Promise<CompletedJob> {
  const { blend, output, keepFrames, jobDir } = settings;
  await using folder = await JobFolder.open(output, undefined, jobDir);
  tell({ type: "job:started", blend, output, folder: folder.path });
  const totals = new JobTotals(tell, frames);
  if (!keepFrames) await cleanUp(folder, totals);
  const seconds = (systemClock.monotonicMs() - startedMs) / 1000;
  return { type: "completed", output, frames, reused: frames, seconds, nodes: [], warnings: totals.warnings };
}

/** Clears up after a job, and says what stays and why. */
async function cleanUp(folder: JobFolder, totals: JobTotals): Promise<void> {
  for (const { path, why } of await folder.cleanUp()) {
    totals.warn("NOT_REMOVED", `${path} is not removed: ${why}`, null);
  }
}

interface Rendering extends Pick<RenderOptions, "chooseFrames" | "confirmOpenNode"> {
  readonly settings: JobSettings;
  readonly prepared: PreparedJob;
  readonly refusedBefore: RefusedBefore;
  readonly tell: FarmListener;
  readonly drain: AbortSignal;
  readonly signal: AbortSignal;
}

interface Rendered {
  readonly outcome: JobOutcome;
  readonly nodes: readonly NodeTally[];
  /** Of what was found while nodes were looked for. */
  readonly warnings: readonly string[];
}

/**
 * An earlier run stored every frame and ended while it encoded: no node is looked for. `null` when that is not so, or when
 * FFmpeg refuses some of them.
 */
async function encodeEarlier(rendering: Rendering): Promise<Rendered | null> {
  const { settings, prepared, tell, signal } = rendering;
  if (settings.isFresh) return null;
  const stored = await findStored(settings, prepared, tell, signal);
  if (stored === null) return null;
  const run = await beginRun(settings, prepared, stored.blenderVersion);
  const outcome = await encodeStored({ ...rendering, run, stored });
  return outcome === null ? null : { outcome, nodes: [], warnings: [] };
}

async function renderAndEncode(rendering: Rendering): Promise<Rendered> {
  const { settings, prepared, tell, drain, signal, confirmOpenNode } = rendering;
  await using fleet = new Fleet(settings, prepared, tell, confirmOpenNode);
  const version = await fleet.chooseVersion(AbortSignal.any([signal, drain]));
  const run = await beginRun(settings, prepared, version);
  tellRestart(run, settings.isFresh, tell);
  const { blend, format } = prepared;
  const scene = settings.scene ?? null;
  const colorMode = format.canHaveAlpha ? null : "RGB";
  const { allowScripts } = settings;
  fleet.begin({ job: run.job, holder: holder(), blob: blend, scene, colorMode, allowScripts });
  const outcome = await runJob({ ...rendering, fleet, run });
  const nodes = outcome.type === "complete" ? outcome.totals.nodes((node) => fleet.pool.infoOf(node)) : [];
  return { outcome, nodes, warnings: fleet.warnings };
}

/** Writes down what this run is, so that a later one knows which frames it may use. */
function beginRun(settings: JobSettings, prepared: PreparedJob, version: string | null): Promise<Run> {
  const { folder, blend } = prepared;
  const blenderVersion = settings.mixVersions ? null : version;
  const fingerprint = fingerprintFor(settings, prepared, blenderVersion);
  const { output, frames, scene, fps, order, codec, crf } = settings;
  const plan = { blend: settings.blend, output, frames, scene, fps, order, codec, crf };
  return folder.begin({ fingerprint, blenderVersion, blend, settings: plan, isFresh: settings.isFresh });
}

function tellRestart(run: Run, isFresh: boolean, tell: FarmListener): void {
  if (run.setAside === null) return;
  const { frames, folder } = run.setAside;
  const why = isFresh ? "as you asked" : "the blendfile, the scene or the Blender version has changed";
  tell({ type: "job:restarted", reason: `${why}; ${counted(frames, "old frame")} kept in ${folder}` });
}

/** Whom other coordinators see as the one who has a node. */
function holder(): string {
  return `${userName()}@${hostname()}`.slice(0, 256);
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? ""}`.trim(); // the system knows no name for it, as in many containers
  }
}

function isReasonOf(signal: AbortSignal, error: unknown): boolean {
  return signal.aborted && error === signal.reason;
}
