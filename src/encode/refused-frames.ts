import { stat } from "node:fs/promises";
import { FfmpegExitedError } from "./encode-errors.ts";
import { blankFrame } from "./ffmpeg/blank-frame.ts";
import { encodeTrialArguments, type FrameStream, pictureTrialArguments } from "./ffmpeg/ffmpeg-arguments.ts";
import { FfmpegProcess } from "./ffmpeg/ffmpeg-process.ts";
import type { FfmpegTools } from "./ffmpeg/ffmpeg-tools.ts";
import { piecesOf } from "./frame-pieces.ts";
import type { VideoFormat } from "./output-format.ts";

export interface TrialOptions extends FrameStream {
  readonly tools: FfmpegTools;
  /** The video to be made; without one the frames are only read, as for a GIF or a picture. */
  readonly format: VideoFormat | undefined;
  /** How long the search may take, in milliseconds (default 10 min). After that it returns what it has found. */
  readonly searchMs?: number;
  readonly signal: AbortSignal;
}

/** A frame file that this FFmpeg refuses. */
export interface RefusedFile {
  readonly path: string;
  /** FFmpeg's own message. */
  readonly message: string;
}

const usualSearchMs = 600_000;
/** Frames in one trial. */
const blockLength = 32;
/**
 * FFmpeg reads 5 MB before it starts, and later some frames for its threads. The frame that it fails at is among these.
 */
const readAheadBytes = 16 * 1024 * 1024;
const readAheadFrames = 64;
const longestMessage = 300;

/**
 * Finds the frames that FFmpeg refuses. For such a frame FFmpeg fails twice, on that frame alone, with the filters and
 * the codec of the real output, but accepts a blank picture of the same form before and afterwards. So a missing codec,
 * a full disk or a lack of memory is not blamed on a frame.
 *
 * @param paths Frame files in the order in which FFmpeg was given them. The search starts at the last one, goes back as
 * far as FFmpeg reads ahead, and ends at the first block with refused frames
 * @param isWhole Whether to search all of them
 * @returns The refused frames in the order of the paths; none if the frames are not the cause
 * @throws The signal's reason
 */
export async function findRefused(
  paths: readonly string[],
  options: TrialOptions,
  isWhole = false,
): Promise<readonly RefusedFile[]> {
  const time = AbortSignal.timeout(options.searchMs ?? usualSearchMs);
  const trials = new Trials({ ...options, signal: AbortSignal.any([options.signal, time]) });
  try {
    if (!(await trials.takesBlank())) return [];
    await trials.search(paths, isWhole);
  } catch (error) {
    options.signal.throwIfAborted();
    if (!time.aborted && !(error instanceof InconclusiveError)) throw error;
  }
  const { found } = trials;
  return found.length > 0 && (await new Trials(options).takesBlankAfterwards()) ? found : [];
}

/** A trial had no result: FFmpeg was killed, or found the disk full. */
class InconclusiveError extends Error {}

type Source = () => AsyncIterable<Uint8Array>;

class Trials {
  readonly #options: TrialOptions;
  readonly #args: readonly string[];
  readonly #found: RefusedFile[] = [];
  #blank: Promise<Buffer> | undefined;

  constructor(options: TrialOptions) {
    const { format } = options;
    this.#options = options;
    this.#args = format === undefined ? pictureTrialArguments(options) : encodeTrialArguments({ ...options, format });
  }

  async takesBlank(): Promise<boolean> {
    this.#blank ??= blankFrame(this.#options);
    const blank = await this.#blank;
    const source = async function* () {
      yield blank;
    };
    return (await this.#refusal([source])) === null;
  }

  /** What the search has found so far; it may have been aborted. */
  get found(): readonly RefusedFile[] {
    return this.#found;
  }

  /** Like `takesBlank`, but after the time limit: it may take as long as the user is willing to wait. */
  async takesBlankAfterwards(): Promise<boolean> {
    try {
      return await this.takesBlank();
    } catch (error) {
      this.#options.signal.throwIfAborted();
      if (error instanceof InconclusiveError) return false;
      throw error;
    }
  }

  async search(paths: readonly string[], isWhole: boolean): Promise<void> {
    let bytes = 0;
    for (let end = paths.length; end > 0; end -= blockLength) {
      const isFar = bytes > readAheadBytes && paths.length - end >= readAheadFrames;
      if (!isWhole && (this.#found.length > 0 || isFar)) break;
      const block = paths.slice(Math.max(0, end - blockLength), end);
      this.#found.unshift(...(await this.#refusedOf(block)));
      for (const path of isWhole ? [] : block) bytes += (await stat(path).catch(() => null))?.size ?? 0;
    }
  }

  /** Bisects refused blocks down to single frames. @param isKnown Whether one of these frames is known to be refused */
  async #refusedOf(paths: readonly string[], isKnown = false): Promise<RefusedFile[]> {
    const [path] = paths;
    if (path === undefined) return [];
    const sources = paths.map(
      (path): Source =>
        () =>
          piecesOf(path),
    );
    if (paths.length === 1) {
      const message = await this.#refusal(sources);
      return message === null || (await this.#refusal(sources)) === null ? [] : [{ path, message }];
    }
    if (!isKnown && (await this.#refusal(sources)) === null) return [];
    const half = Math.ceil(paths.length / 2);
    const first = await this.#refusedOf(paths.slice(0, half));
    return [...first, ...(await this.#refusedOf(paths.slice(half), first.length === 0))];
  }

  /** @returns FFmpeg's message; `null` if it accepted all of them */
  async #refusal(sources: readonly Source[]): Promise<string | null> {
    const { tools, signal } = this.#options;
    let frames = 0;
    const onProgress = (progress: { readonly frames: number }) => {
      frames = progress.frames;
    };
    await using process = FfmpegProcess.start(tools.ffmpeg, this.#args, { onProgress, signal });
    try {
      for (const source of sources) for await (const piece of source()) await process.write(piece, "");
      await process.finish("");
      // It may drop a frame and still report success.
      return frames === sources.length ? null : "it drops the frame";
    } catch (error) {
      if (!(error instanceof FfmpegExitedError)) throw error;
      if (!error.mayBeFrame) throw new InconclusiveError();
      return wordsOf(error);
    }
  }
}

/** The first of its last messages that says something, without memory addresses, which differ each time. */
function wordsOf({ stderrTail, ffmpegExitCode, signalName }: FfmpegExitedError): string {
  const lines = stderrTail.split("\n").map((line) => line.replace(/^(\[[^\]]*\] ?)+/, "").trim());
  const [first] = lines.filter((line) => line !== "" && !/^Conversion failed/.test(line));
  return (
    first ?? (signalName === null ? `it exited with code ${ffmpegExitCode}` : `it was ended by ${signalName}`)
  ).slice(0, longestMessage);
}
