import { basename, dirname, extname, join } from "node:path";
import type { JobSettings } from "../../config/job-settings.ts";
import { systemClock } from "../../core/clock.ts";
import { FarmError } from "../../core/errors.ts";
import { formatFrames } from "../../core/frame-range.ts";
import { counted } from "../../core/text.ts";
import type { VideoCodec } from "../../core/video-codec.ts";
import { JobFolder } from "../../frames/job-folder.ts";
import { provedFrames, storedFramePath } from "../../frames/stored-frames.ts";
import type { FarmListener } from "../events.ts";
import { stayAwake } from "../stay-awake.ts";
import { JobOutput } from "./job-output.ts";
import { parseFacts, type RecordedFacts } from "./output-facts.ts";
import { type OutputSettings, prepareOutput } from "./prepare-output.ts";
import { frameRefused } from "./refused-frames.ts";

export interface EncodeFolderOptions {
  /** Absolute path; when left out, that of the render, beside the folder. A job with a `jobDir` needs one. */
  readonly output?: string | undefined;
  /** When left out, that of the render, if the output is of the same kind. */
  readonly codec?: VideoCodec | undefined;
  readonly crf?: number | undefined;
  readonly poster?: string | undefined;
  readonly overwrite: boolean;
  /** FFmpeg to use; `undefined` looks at FFMPEG_PATH and PATH. */
  readonly ffmpeg?: string | undefined;
  /** Whether this machine may fall asleep meanwhile (default false). */
  readonly allowSleep?: boolean;
  readonly onEvent: FarmListener;
  /** Aborting stops FFmpeg and rejects with the signal's reason; the frames are kept. */
  readonly signal: AbortSignal;
}

/** An output that was made of the frames of a job folder. */
export interface EncodedFolder {
  readonly output: string;
  readonly frames: number;
  readonly sizeBytes: number;
  readonly seconds: number;
}

/**
 * Makes the output of a job folder from the frames that are stored in it, without any node: what is left to do when a
 * render ended while it encoded, or when the same frames are wanted in another form. The folder stays as it is.
 *
 * @param folder The job folder of a render
 * @throws {FarmError} `FARM_FRAMES_FAILED` naming the frames that are not there; what is wrong with the output
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
    const message = `The poster ${facts.poster} is not made again, as it is not beside the output: give --poster`;
    tell({ type: "warning", code: "POSTER_LEFT_OUT", message, name: null });
  }
  const prepared = await prepareOutput(settings, signal);
  const { frames, frameFormat } = facts;
  const onChecking = (count: number) => tell({ type: "job:checking", frames: count });
  const { framesFolder, framesLogPath: logPath } = job;
  const proved = await provedFrames({ framesFolder, logPath, format: frameFormat, frames, onChecking, signal });
  const missing = frames.filter((frame) => !proved.has(frame));
  if (missing.length > 0) throw framesMissing(missing, job.path);

  await using encoding = await JobOutput.open({
    ...{ facts, prepared, paths: settings, tell, signal },
    job: { id: job.previous.job, folder: job.path },
    isApart: facts.isApart || options.output !== undefined,
    pathOf: (frame) => storedFramePath(framesFolder, frame),
    nodeOf: (frame) => proved.get(frame)?.node.id,
    // The folder stays as it is: the render command finds the same, and can have them rendered again.
    onRefused: async (refused) => {
      for (const each of refused) throw frameRefused(each, proved.get(each.frame)?.node ?? { id: "", name: "a node" });
    },
  });
  for (const frame of frames) encoding.accept(frame);
  const finished = await encoding.finish();
  if (finished === null) throw new Error("Frames were refused, and nobody was told");
  const { sizeBytes } = finished;
  return {
    output: settings.output,
    frames: frames.length,
    sizeBytes,
    seconds: (systemClock.monotonicMs() - startedMs) / 1000,
  };
}

/** What is not asked for is as it was for the render, as far as it fits. */
function settingsOf(folder: string, facts: RecordedFacts, options: EncodeFolderOptions): OutputSettings {
  if (facts.isApart && options.output === undefined) throw whereTo(folder, facts);
  // Beside the folder, wherever both have been moved to since; a slash at its end says that it is a folder of pictures.
  const recorded = join(dirname(folder), basename(facts.output)) + (/[/\\]$/.test(facts.output) ? "/" : "");
  const { output = recorded, overwrite, ffmpeg } = options;
  const isSameKind = extname(output).toLowerCase() === extname(facts.output).toLowerCase();
  const codec = options.codec ?? (isSameKind ? facts.codec : undefined);
  const crf = options.crf ?? (isSameKind && codec === facts.codec ? facts.crf : undefined);
  const poster = options.poster ?? (options.output === undefined ? posterBeside(folder, facts) : undefined);
  return { output, overwrite, ffmpeg, codec, crf, poster } satisfies Partial<JobSettings>;
}

/** A poster beside the output moves with it. Any other path is one that whoever made the folder may have thought of. */
function posterBeside(folder: string, { output, poster }: RecordedFacts): string | undefined {
  if (poster === undefined || dirname(poster) !== dirname(output)) return undefined;
  return join(dirname(folder), basename(poster));
}

/** A job folder may be a stranger's: it is not believed where to write, but beside it. */
function whereTo(folder: string, { output }: RecordedFacts): FarmError {
  return new FarmError(
    "FARM_BAD_INPUT",
    `Cannot tell where the video goes: ${folder} was made apart from its output`,
    `Give --output; the render's was ${output}`,
  );
}

function notBegun(folder: string): FarmError {
  return new FarmError(
    "FARM_FRAMES_FAILED",
    `Cannot make a video of ${folder}: its render ended before it was known what there is to render`,
    "Run the render command again",
  );
}

function framesMissing(missing: readonly number[], folder: string): FarmError {
  const isOne = missing.length === 1;
  return new FarmError(
    "FARM_FRAMES_FAILED",
    `Cannot make the video: ${counted(missing.length, "frame")} ${isOne ? "is" : "are"} not stored in ${folder}, or damaged: ${formatFrames(missing)}`,
    "Run the render command again: it renders what is missing, and keeps the rest; after a finished job frames are only there with --keep-frames",
  );
}
