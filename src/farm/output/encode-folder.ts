import { basename, dirname, extname, join } from "node:path";
import type { JobSettings } from "../../config/job-settings.ts";
import { systemClock } from "../../core/clock.ts";
import { FarmError } from "../../core/errors.ts";
import { formatFrames } from "../../core/frame-range.ts";
import { counted } from "../../core/text.ts";
import type { VideoCodec } from "../../core/video-codec.ts";
import type { SoundTrack } from "../../encode/sound-codec.ts";
import { JobFolder } from "../../frames/job-folder.ts";
import { storedFramePath, storedPictures } from "../../frames/pictures/stored-files.ts";
import { provedFrames } from "../../frames/stored-frames.ts";
import type { FarmListener } from "../events.ts";
import { stayAwake } from "../stay-awake.ts";
import { JobOutput } from "./job-output.ts";
import { keptSound } from "./kept-sound.ts";
import { parseFacts, type RecordedFacts } from "./output-facts.ts";
import { sequenceNamesOf } from "./pictures/picture-sets.ts";
import { requireForm } from "./pictures/wanted-pictures.ts";
import { type OutputSettings, outputKindOf, prepareOutput } from "./prepare-output.ts";
import { frameRefused } from "./refused-frames.ts";
import { possibleSound, type SoundPlan, soundPlanOf } from "./sound-plan.ts";

export interface EncodeFolderOptions {
  /** Absolute path (default: the render's, beside the folder). Required for a job with a `jobDir`. */
  readonly output?: string | undefined;
  /** Default: the render's, if the output is of the same kind. */
  readonly codec?: VideoCodec | undefined;
  readonly crf?: number | undefined;
  readonly poster?: string | undefined;
  readonly overwrite: boolean;
  /** The FFmpeg to use; `undefined` looks at FFMPEG_PATH and PATH. */
  readonly ffmpeg?: string | undefined;
  /** Whether the pictures of File Output nodes come too (default: true). */
  readonly passes?: boolean;
  /** Whether this machine may fall asleep meanwhile (default: false). */
  readonly allowSleep?: boolean;
  readonly onEvent: FarmListener;
  /** Aborting stops FFmpeg and rejects with the signal's reason; the frames are kept. */
  readonly signal: AbortSignal;
}

/** An output that was made from the frames of a job folder. */
export interface EncodedFolder {
  readonly output: string;
  readonly frames: number;
  readonly sizeBytes: number;
  readonly seconds: number;
}

/**
 * Makes an output from the frames stored in a job folder, without any node: to finish a render that ended while
 * encoding, or to get the same frames in another format. The folder is not changed.
 *
 * @param folder The job folder of a render
 * @throws {FarmError} `FARM_FRAMES_FAILED` with the missing frames; what is wrong with the output
 */
export async function encodeFolder(folder: string, options: EncodeFolderOptions): Promise<EncodedFolder> {
  const { onEvent: tell } = options;
  const startedMs = systemClock.monotonicMs();
  await using job = await JobFolder.reopen(folder, options.signal);
  const signal = AbortSignal.any([options.signal, job.lost]);
  await using _awake = stayAwake(options.allowSleep ?? false, tell);
  const facts = parseFacts(job.previous?.facts ?? null);
  if (job.previous === null || facts === null) throw notBegun(job.path);

  const settings = settingsOf(job.path, facts, options);
  if (facts.poster !== undefined && settings.poster === undefined && options.output === undefined) {
    const message = `The poster ${facts.poster} is not made again, as it is not beside the output: give --poster to make it`;
    tell({ type: "warning", code: "POSTER_NOT_MADE", message, name: null });
  }
  // Before anything is made for the output.
  const format = await outputKindOf(settings);
  requireForm(facts.pictures, settings, format);
  sequenceNamesOf({ facts, format, output: settings.output, beside: settings.format });
  const prepared = await prepareOutput(settings, signal);
  const { frames, frameFormat, pictures } = facts;
  const onChecking = (count: number) => tell({ type: "job:checking", frames: count });
  const { framesFolder, framesLogPath: logPath } = job;
  const proved = await provedFrames({
    framesFolder,
    logPath,
    format: frameFormat,
    pictures,
    frames,
    onChecking,
    signal,
  });
  const missing = frames.filter((frame) => !proved.has(frame));
  if (missing.length > 0) throw framesMissing(missing, job.path);

  const { sha256: blend } = job.previous.blend;
  const plan = await possibleSound(soundPlanOf(facts, facts, settings, prepared.format), prepared, signal);
  const sound = await keptSound(job.path, plan, {
    ...{ blend, scene: facts.scene.name, files: facts.sent.all },
  });
  const why = whyNoSound(facts, plan, sound);
  if (why !== undefined) {
    tell({ type: "warning", code: "NO_SOUND", message: `The output has no sound: ${why}`, name: null });
  }
  await using encoding = await JobOutput.open({
    ...{ facts, prepared, paths: settings, tell, signal },
    warn: (code, message) => tell({ type: "warning", code, message, name: null }),
    job: { id: job.previous.job, folder: job.path },
    isApart: facts.isApart || options.output !== undefined,
    pathOf: (frame) => storedFramePath(framesFolder, frame),
    picturesOf: (frame) => {
      const record = proved.get(frame);
      return record && storedPictures(framesFolder, record);
    },
    nodeOf: (frame) => proved.get(frame)?.node.id,
    // The folder is not changed: the render command will find the same, and can have the frames rendered again.
    onRefused: async (refused) => {
      for (const each of refused) throw frameRefused(each, proved.get(each.frame)?.node ?? { id: "", name: "a node" });
    },
    sound: async () => sound ?? null,
  });
  for (const frame of frames) encoding.accept(frame);
  const finished = await encoding.finish();
  if (finished === null) throw new Error("Frames were refused, but not reported");
  const { sizeBytes } = finished;
  return {
    output: settings.output,
    frames: frames.length,
    sizeBytes,
    seconds: (systemClock.monotonicMs() - startedMs) / 1000,
  };
}

/** The settings: as for the render where nothing else is asked for and it fits. */
function settingsOf(folder: string, facts: RecordedFacts, options: EncodeFolderOptions): OutputSettings {
  if (facts.isApart && options.output === undefined) throw whereTo(folder, facts);
  // Beside the folder, even if both have been moved. A slash at the end says that it is a folder of pictures.
  const recorded = join(dirname(folder), basename(facts.output)) + (/[/\\]$/.test(facts.output) ? "/" : "");
  const { output = recorded, overwrite, ffmpeg } = options;
  const isSameKind = extname(output).toLowerCase() === extname(facts.output).toLowerCase();
  const codec = options.codec ?? (isSameKind ? facts.codec : undefined);
  const crf = options.crf ?? (isSameKind && codec === facts.codec ? facts.crf : undefined);
  const poster = options.poster ?? (options.output === undefined ? posterBeside(folder, facts) : undefined);
  return {
    output,
    overwrite,
    ffmpeg,
    codec,
    crf,
    poster,
    audio: facts.sound === "scene" ? "auto" : "off",
    format: options.output === undefined ? facts.format : undefined,
    ...{ depth: undefined, passes: options.passes ?? true },
  } satisfies Partial<JobSettings>;
}

/** Why an output that should have sound has none, for the user. */
function whyNoSound(
  { sound: source }: RecordedFacts,
  plan: SoundPlan,
  sound: SoundTrack | null | undefined,
): string | undefined {
  if (source === "file") return "the render took it from a file, so only the render command can add it";
  if (plan.type === "impossible") return plan.why;
  return sound === undefined ? "it is not kept in the folder, so only the render command can make it" : undefined;
}

/**
 * The poster's path if it was beside the output. Any other recorded path is not trusted: others may have made the
 * folder.
 */
function posterBeside(folder: string, { output, poster }: RecordedFacts): string | undefined {
  if (poster === undefined || dirname(poster) !== dirname(output)) return undefined;
  return join(dirname(folder), basename(poster));
}

/** Others may have made the job folder, so its recorded path is trusted only if it is beside the folder. */
function whereTo(folder: string, { output }: RecordedFacts): FarmError {
  return new FarmError(
    "FARM_BAD_INPUT",
    `Cannot tell where to write the output: ${folder} was not made beside its output`,
    `Give --output; the render had ${output}`,
  );
}

function notBegun(folder: string): FarmError {
  return new FarmError(
    "FARM_FRAMES_FAILED",
    `Cannot make an output from ${folder}: its render ended before the scene was read`,
    "Run the render command again",
  );
}

function framesMissing(missing: readonly number[], folder: string): FarmError {
  const isOne = missing.length === 1;
  return new FarmError(
    "FARM_FRAMES_FAILED",
    `Cannot make the output: ${counted(missing.length, "frame")} ${isOne ? "is" : "are"} not stored in ${folder}, or damaged: ${formatFrames(missing)}`,
    "Run the render command again: it renders what is missing and keeps the rest; a finished job keeps its frames only with --keep-frames",
  );
}
