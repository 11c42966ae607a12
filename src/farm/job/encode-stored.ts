import { isVersion } from "../../core/blender-version.ts";
import { fingerprintOf } from "../../core/fingerprint.ts";
import { formatFrames } from "../../core/frame-range.ts";
import type { JobSettings } from "../../core/job-settings.ts";
import type { Frame } from "../../core/node.ts";
import type { FrameRecord } from "../../frames/frame-record.ts";
import type { Run } from "../../frames/job-folder.ts";
import type { JobRecord } from "../../frames/job-record.ts";
import { areRecorded, provedFrames, setFrameAside, storedFramePath } from "../../frames/stored-frames.ts";
import type { FarmListener } from "../events.ts";
import { encodeAgain, finishOutput } from "../output/finish-output.ts";
import { openOutput } from "../output/open-output.ts";
import { type OutputFacts, outputFactsOf, parseFacts, recordFacts, sceneInfoOf } from "../output/output-facts.ts";
import type { WriterOptions } from "../output/output-writer.ts";
import { type RefusedBefore, RefusedFrames } from "../output/refused-frames.ts";
import { resolveScene, type SceneFacts } from "../output/scene-facts.ts";
import { JobTotals } from "./job-totals.ts";
import type { PreparedJob } from "./prepare-job.ts";
import { type JobOutcome, tellScene, warnOfMissing } from "./run-job.ts";

/** A job of which an earlier run stored every frame: no node is needed any more. */
export interface StoredOutput {
  readonly facts: SceneFacts;
  readonly outputFacts: OutputFacts;
  readonly records: ReadonlyMap<Frame, FrameRecord>;
  /** Blender that rendered it; `null` when versions were mixed. */
  readonly blenderVersion: string | null;
}

/** What must be known, beside the settings, of what changes the pixels. */
interface PixelInput {
  readonly blend: { readonly sha256: string };
  readonly format: PreparedJob["format"];
}

/** The digest of what changes this job's pixels, rendered with this Blender. */
export function fingerprintFor(
  settings: JobSettings,
  { blend, format }: PixelInput,
  blenderVersion: string | null,
): string {
  return fingerprintOf({
    blend: blend.sha256,
    assets: [],
    scene: settings.scene ?? null,
    blenderVersion,
    overrides: { colorMode: format.canHaveAlpha ? null : "RGB", ...(settings.allowScripts && { allowScripts: true }) },
  });
}

/**
 * Looks whether everything this job renders was stored by an earlier run, which ended while it encoded. Where anything
 * is in doubt the answer is `null`, and the job takes its usual way, over the nodes.
 */
export async function findStored(
  settings: JobSettings,
  prepared: PreparedJob,
  tell: FarmListener,
  signal: AbortSignal,
): Promise<StoredOutput | null> {
  const { folder, format } = prepared;
  const facts = recordedScene(folder.previous, settings, prepared);
  if (facts === null || folder.previous === null) return null;
  const { framesFolder, framesLogPath: logPath } = folder;
  const { frames } = facts;
  if (!(await areRecorded(frames, logPath))) return null;
  const outputFacts = outputFactsOf(facts, settings, format);
  const onChecking = (count: number) => tell({ type: "job:checking", frames: count });
  const proved = await provedFrames({
    ...{ framesFolder, logPath, frames, onChecking, signal },
    format: outputFacts.frameFormat,
  });
  if (proved.size < frames.length) return null;
  return { facts, outputFacts, records: proved, blenderVersion: folder.previous.blenderVersion };
}

export interface EncodeStored {
  readonly settings: JobSettings;
  readonly prepared: PreparedJob;
  readonly run: Run;
  readonly stored: StoredOutput;
  readonly refusedBefore: RefusedBefore;
  readonly tell: FarmListener;
  readonly drain: AbortSignal;
  readonly signal: AbortSignal;
}

/**
 * Makes the output of frames that are all stored and proved.
 *
 * @returns `null` when FFmpeg refuses some of them: they have left the store, and have to be rendered again
 */
export async function encodeStored(given: EncodeStored): Promise<JobOutcome | null> {
  const { settings, prepared, run, stored, refusedBefore, tell, drain, signal } = given;
  const { folder, format, tools } = prepared;
  const { facts, outputFacts } = stored;
  const { frames, rate } = outputFacts;
  await folder.settle(recordFacts(facts, outputFacts, settings));
  prepared.keep();
  tellScene(facts, rate, tell);
  tell({ type: "job:resumed", stored: frames.length, range: formatFrames(frames) });
  const totals = new JobTotals(tell, frames.length);
  warnOfMissing(facts, totals);
  const { output, overwrite, poster } = settings;
  const records = new Map(stored.records);
  const refusedFrames = new RefusedFrames({
    ...{ before: refusedBefore, tell },
    recordOf: (frame) => records.get(frame),
    setAside: async (record, message) => {
      const file = await setFrameAside(folder, record, message);
      records.delete(record.frame);
      return file;
    },
    onAside: () => {},
  });
  const outputOptions: WriterOptions = {
    ...{ facts: outputFacts, format, tools, output, overwrite, job: run.job, signal },
    pathOf: (frame) => (records.has(frame) ? storedFramePath(folder.framesFolder, frame) : undefined),
    nodeOf: (frame) => records.get(frame)?.node.id,
    again: encodeAgain(folder.path, settings.jobDir !== undefined, settings),
    onPostponed: (message) => tell({ type: "encode:postponed", message }),
    onRefused: (refused) => refusedFrames.take(refused),
  };
  await using writer = await openOutput(outputOptions);
  for (const frame of frames) writer.accept(frame);
  const finished = await finishOutput(writer, outputOptions, poster, tell, drain);
  return finished === null ? null : { type: "complete", facts, totals };
}

/** What a node would say that there is to render, as an earlier run wrote it down; `null` when a node must be asked. */
export function recordedScene(
  previous: JobRecord | null,
  settings: JobSettings,
  prepared: PixelInput,
): SceneFacts | null {
  if (previous === null) return null;
  const { blenderVersion, fingerprint } = previous;
  if ((blenderVersion === null) !== settings.mixVersions) return null;
  if (fingerprintFor(settings, prepared, blenderVersion) !== fingerprint) return null;
  const wanted = settings.blenderVersion;
  if (wanted !== undefined && blenderVersion !== null && !isVersion(blenderVersion, wanted)) return null;
  const recorded = parseFacts(previous.facts);
  if (recorded === null) return null;
  // Files that were missing then may have been put on the nodes since.
  if (recorded.missing.length > 0 && settings.missing === "fail") return null;
  // Only a node can tell whether those files are still what they were.
  if (recorded.files !== null) return null;
  return resolveScene(sceneInfoOf(recorded), settings);
}
