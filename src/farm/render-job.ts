import type { JobSettings } from "../config/job-settings.ts";
import { completeRequest, type JobRequest } from "../config/resolve-settings.ts";
import { systemClock } from "../core/clock.ts";
import { FarmError } from "../core/errors.ts";
import { findBaked } from "../frames/baked-blend.ts";
import { JobFolder, type Run } from "../frames/job-folder.ts";
import type { FarmListener, JobSummary } from "./events.ts";
import { bakeKeyOf, mayBake } from "./job/bake-scene.ts";
import { beginRun, orderOf } from "./job/begin-run.ts";
import { CreatedFolders } from "./job/created-folders.ts";
import { encodeStored, findStored } from "./job/encode-stored.ts";
import type { Estimate } from "./job/estimate/estimate.ts";
import { FarmSize } from "./job/estimate/farm-size.ts";
import type { JobContext, JobOutcome, JobQuestions } from "./job/job-context.ts";
import { JobTotals } from "./job/job-totals.ts";
import { JobInputs } from "./job/loop/job-inputs.ts";
import { prepareJob } from "./job/prepare-job.ts";
import { runJob } from "./job/run-job.ts";
import { UpcomingFrames } from "./nodes/supply/upcoming-frames.ts";
import { openFleet } from "./open-fleet.ts";
import { videoDoneBefore } from "./output/existing-output.ts";
import { overridesOf } from "./output/recorded-scene.ts";
import { stayAwake } from "./stay-awake.ts";

/** A job of which every expected frame is in the output. */
export interface CompletedJob extends JobSummary {
  readonly type: "completed";
}

/** A job stopped by the user; the same call continues from its folder. */
export interface InterruptedJob {
  readonly type: "interrupted";
  /** Frames not stored; `null` if it was stopped before their number was known. */
  readonly missing: number | null;
}

/** A job with `estimate`: three of its frames are stored, and the same call without `estimate` renders the others. */
export interface EstimatedJob extends Estimate {
  readonly type: "estimated";
}

export type JobResult = CompletedJob | InterruptedJob | EstimatedJob;

export interface RenderOptions extends JobQuestions {
  /** Called with every event; the last one says how the job ended (default: none is reported). */
  readonly onEvent?: FarmListener;
  /** Aborting finishes the running frames, starts no others, and ends as `interrupted` (default: never). */
  readonly drain?: AbortSignal;
  /** Aborting stops at once; what is stored is kept (default: never). */
  readonly signal?: AbortSignal;
}

/**
 * Renders a blendfile on the nodes of the network and makes the video.
 *
 * It succeeds only if every expected frame was checked, is stored and is in the video. No process, link or temporary
 * file outlives it. The job folder, beside the output or in `jobDir`, is kept as a record; after an interruption, the
 * same call continues from it. A job that fails before it is known what there is to render leaves nothing behind.
 *
 * @param request A blendfile and an output, and any other setting
 * @throws {FarmError} With a stable code and a hint; whatever else is thrown is a bug
 */
export async function renderJob(request: JobRequest, options: RenderOptions = {}): Promise<JobResult> {
  const { onEvent: tell = () => {} } = options;
  let createdFolders: CreatedFolders | undefined;
  let isDescribed = false;
  try {
    const settings = await completeRequest(request);
    createdFolders = await CreatedFolders.before(settings.output, settings.poster);
    const result = await render(settings, {
      ...options,
      onEvent: (event) => {
        isDescribed ||= event.type === "scene:read";
        tell(event);
      },
    });
    const { type, ...facts } = result;
    tell({ type: `job:${type}`, ...facts } as Parameters<FarmListener>[0]);
    return result;
  } catch (error) {
    if (error instanceof FarmError) {
      const { code, message, hint } = error;
      tell({ type: "job:failed", code, message, hint });
    }
    throw error;
  } finally {
    if (!isDescribed) await createdFolders?.remove();
  }
}

/** The story of a job: prepare, describe, decide the frames and the fingerprint, render, finish. */
async function render(settings: JobSettings, options: RenderOptions): Promise<JobResult> {
  const never = new AbortController().signal;
  const { onEvent = () => {}, drain = never, signal: stop = never, ...questions } = options;
  const farm = new FarmSize();
  let passes: JobSummary["passes"];
  let pictures: JobSummary["pictures"];
  const tell: FarmListener = (event) => {
    farm.hear(event);
    if (event.type === "passes:written") passes = { folder: event.folder, files: event.files };
    if (event.type === "pictures:written") pictures = { folder: event.folder, files: event.files };
    onEvent(event);
  };
  const startedMs = systemClock.monotonicMs();
  const secondsPassed = () => (systemClock.monotonicMs() - startedMs) / 1000;
  const signal = AbortSignal.any([stop, drain]); // no frame is running yet that a drain could finish
  try {
    const finishedBefore = await videoDoneBefore(settings, signal);
    if (finishedBefore !== null) return await endEarlier(settings, finishedBefore, secondsPassed, tell);

    await using prepared = await prepareJob(settings, signal);
    const { folder } = prepared;
    const makes = prepared.format.kind === "sequence" ? "pictures" : "video";
    const { blend, output } = settings;
    tell({ type: "job:started", blend, output, folder: folder.path, makes, overrides: overridesOf(settings) });
    await using _awake = stayAwake(settings.allowSleep, tell);
    const context: JobContext = {
      ...{ settings, prepared, tell, drain, upcoming: new UpcomingFrames(), refusedBefore: new Map(), ...questions },
      ...{ farm, bake: "untried", isEarlierBake: false, lostBakes: 0, mayBakeLong: false },
      signal: AbortSignal.any([stop, folder.lost]),
    };
    const { outcome, nodes, warnings } =
      (await encodeOnly(context)) ?? (await renderAndEncode({ ...context, tell: warningsOnce(tell) }));
    if (outcome.type === "estimated") return { type: "estimated", ...outcome.estimate };
    if (outcome.type === "stopped") return { type: "interrupted", missing: outcome.missing };

    const { facts, totals } = outcome;
    if (!settings.keepFrames) await cleanUp(folder, totals);
    return {
      type: "completed",
      output: settings.output,
      frames: facts.frames.length,
      reused: totals.reused,
      seconds: secondsPassed(),
      nodes,
      warnings: [...warnings, ...totals.warnings],
      ...(passes && { passes }),
      ...(pictures && { pictures }),
    };
  } catch (error) {
    if (stop.aborted || (drain.aborted && error === drain.reason)) return { type: "interrupted", missing: null };
    throw error;
  }
}

/** The outcome of a job, and what the nodes did for it. */
interface Rendered extends Pick<JobSummary, "nodes" | "warnings"> {
  readonly outcome: JobOutcome;
}

/** @returns `null` unless an earlier run stored every frame and ended while encoding; also if FFmpeg refuses some */
async function encodeOnly(context: JobContext): Promise<Rendered | null> {
  const stored = await findStored(context);
  if (stored === null) return null;
  const run = await beginRun(context, stored.blenderVersion);
  const outcome = await encodeStored(context, run, stored);
  return outcome === null ? null : { outcome, nodes: [], warnings: [] };
}

/** Nodes that open the blendfile anew, after a bake, warn of the same things again. */
function warningsOnce(tell: FarmListener): FarmListener {
  const told = new Set<string>();
  return (event) => {
    const words = event.type === "warning" ? `${event.code} ${event.message} ${event.name}` : undefined;
    if (words !== undefined && told.has(words)) return;
    if (words !== undefined) told.add(words);
    tell(event);
  };
}

/** @param begun The run, if it has begun already */
async function renderAndEncode(given: JobContext, begun?: Run): Promise<Rendered> {
  const inputs = new JobInputs();
  let again: { readonly next: readonly [JobContext, Run]; readonly told: readonly string[] };
  {
    await using fleet = openFleet(given, (event) => inputs.push(event));
    const version = await fleet.chooseVersion(AbortSignal.any([given.signal, given.drain]));
    const context = { ...given, ...(await bakeOf(given, version)) };
    const run = begun ?? (await beginRun(context, version));
    fleet.begin(orderOf(context, run));
    const outcome = await runJob(context, run, fleet, inputs);
    if (outcome.type !== "again") {
      const nodes = outcome.type === "complete" ? outcome.totals.nodes((node) => fleet.infoOf(node)) : [];
      return { outcome, nodes, warnings: fleet.warnings };
    }
    const { bake, lostBakes, mayBakeLong } = outcome;
    const next = { ...context, bake, lostBakes, mayBakeLong, isEarlierBake: false };
    again = { next: [next, run], told: fleet.warnings };
  }
  // With the bake, or without, on nodes that open the blendfile anew.
  const rendered = await renderAndEncode(...again.next);
  return { ...rendered, warnings: [...new Set([...again.told, ...rendered.warnings])] };
}

/** What an earlier run has baked with this version is not baked again. */
async function bakeOf(
  { bake, isEarlierBake, prepared, settings }: JobContext,
  version: string,
): Promise<Pick<JobContext, "bake" | "isEarlierBake">> {
  if (bake !== "untried") return { bake, isEarlierBake };
  if (!mayBake(settings)) return { bake: "failed", isEarlierBake: false };
  const found = await findBaked(prepared.folder.path, bakeKeyOf(settings, prepared.blend.sha256, version));
  return { bake: found ?? "untried", isEarlierBake: found !== undefined };
}

/** If an earlier run ended between naming the video and cleaning up, only the cleaning up is left to do. */
async function endEarlier(
  settings: JobSettings,
  frames: number,
  secondsPassed: () => number,
  tell: FarmListener,
): Promise<CompletedJob> {
  const { blend, output, keepFrames, jobDir } = settings;
  await using folder = await JobFolder.open(output, undefined, jobDir);
  tell({ type: "job:started", blend, output, folder: folder.path, makes: "video", overrides: overridesOf(settings) });
  const totals = new JobTotals(tell, frames);
  if (!keepFrames) await cleanUp(folder, totals);
  const { warnings } = totals;
  return { type: "completed", output, frames, reused: frames, seconds: secondsPassed(), nodes: [], warnings };
}

/** Cleans up after a job, and warns about what could not be removed. */
async function cleanUp(folder: JobFolder, totals: JobTotals): Promise<void> {
  for (const { path, why } of await folder.cleanUp()) {
    totals.warn("NOT_REMOVED", `Cannot remove ${path}: ${why}`, null);
  }
}
