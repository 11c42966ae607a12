import { formatFrames } from "../../core/frame-range.ts";
import type { Frame } from "../../core/node.ts";
import type { SoundTrack } from "../../encode/sound-codec.ts";
import type { FrameRecord } from "../../frames/frame-record.ts";
import type { Run } from "../../frames/job-folder.ts";
import { storedFramePath, storedPictures } from "../../frames/pictures/stored-files.ts";
import { areRecorded, provedFrames, setFrameAside } from "../../frames/stored-frames.ts";
import { JobOutput } from "../output/job-output.ts";
import { keptSound } from "../output/kept-sound.ts";
import { outputFactsOf } from "../output/output-facts.ts";
import { recordedScene } from "../output/recorded-scene.ts";
import { RefusedFrames } from "../output/refused-frames.ts";
import type { SceneFacts } from "../output/scene-facts.ts";
import { possibleSound, soundPlanOf } from "../output/sound-plan.ts";
import { recordJob, warnOfFiles } from "./describe-job.ts";
import type { JobContext, JobOutcome } from "./job-context.ts";
import { JobTotals } from "./job-totals.ts";

/** A job whose frames were all stored by an earlier run: no node is needed. */
export interface StoredJob {
  readonly facts: SceneFacts;
  readonly records: ReadonlyMap<Frame, FrameRecord>;
  /** The Blender version that rendered it; `null` when versions were mixed. */
  readonly blenderVersion: string | null;
  readonly sound: SoundTrack | null;
}

/**
 * Checks whether an earlier run stored everything that this job renders, and ended while encoding.
 *
 * @returns `null` if anything is in doubt: the job then goes to the nodes as usual
 */
export async function findStored({ settings, prepared, tell, signal }: JobContext): Promise<StoredJob | null> {
  const { folder } = prepared;
  const facts = settings.fresh ? null : recordedScene(folder.previous, settings, prepared);
  if (facts === null || folder.previous === null) return null;
  const { framesFolder, framesLogPath: logPath } = folder;
  const { frames } = facts;
  if (!(await areRecorded(frames, logPath))) return null;
  const outputFacts = outputFactsOf(facts, settings, prepared.format);
  const { frameFormat: format, pictures } = outputFacts;
  const plan = await possibleSound(soundPlanOf(facts, outputFacts, settings, prepared.format), prepared, signal);
  const key = { blend: prepared.blend.sha256, scene: facts.scene.name, files: facts.sent.all };
  const sound = await keptSound(folder.path, plan, key);
  if (sound === undefined) return null;
  const onChecking = (count: number) => tell({ type: "job:checking", frames: count });
  const records = await provedFrames({ framesFolder, logPath, frames, format, pictures, onChecking, signal });
  if (records.size < frames.length) return null;
  return { facts, records, blenderVersion: folder.previous.blenderVersion, sound };
}

/**
 * Makes the output from frames that are all stored and checked.
 *
 * @returns `null` if FFmpeg refuses some of them: these have left the store and must be rendered again
 */
export async function encodeStored(context: JobContext, run: Run, stored: StoredJob): Promise<JobOutcome | null> {
  const { settings, prepared, refusedBefore: before, tell, drain, signal } = context;
  const { folder } = prepared;
  const { facts } = stored;
  const outputFacts = await recordJob(context, facts);
  const { frames } = outputFacts;
  tell({ type: "job:resumed", stored: frames.length, range: formatFrames(frames) });
  const totals = new JobTotals(tell, frames.length);
  warnOfFiles(facts, totals);
  const records = new Map(stored.records);
  const refusedFrames = new RefusedFrames({
    ...{ before, tell },
    recordOf: (frame) => records.get(frame),
    setAside: async (record, message) => {
      const file = await setFrameAside(folder, record, message);
      records.delete(record.frame);
      return file;
    },
    onAside: () => {},
  });
  await using output = await JobOutput.open({
    ...{ facts: outputFacts, prepared, paths: settings, tell, signal },
    warn: (code, message) => totals.warn(code, message, null),
    job: { id: run.job, folder: folder.path },
    isApart: settings.jobDir !== undefined,
    pathOf: (frame) => (records.has(frame) ? storedFramePath(folder.framesFolder, frame) : undefined),
    picturesOf: (frame) => {
      const record = records.get(frame);
      return record && storedPictures(folder.framesFolder, record);
    },
    nodeOf: (frame) => records.get(frame)?.node.id,
    onRefused: (refused) => refusedFrames.take(refused),
    sound: async () => stored.sound,
  });
  for (const frame of frames) output.accept(frame);
  const finished = await output.finish(drain);
  return finished === null ? null : { type: "complete", facts, totals };
}
