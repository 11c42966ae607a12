import { discard } from "../system/files/held-files.ts";
import { videoIncomplete } from "./encode-errors.ts";
import { type EncodeSettings, encodeArguments, type FrameStream, pictureSizeOf } from "./ffmpeg/ffmpeg-arguments.ts";
import { FfmpegProcess, type FfmpegProcessOptions } from "./ffmpeg/ffmpeg-process.ts";
import type { FfmpegTools } from "./ffmpeg/ffmpeg-tools.ts";
import { type FinishedOutput, finishVideo } from "./finished-video.ts";
import { piecesOf } from "./frame-pieces.ts";
import { framesPerSecond } from "./frame-rate.ts";
import { type OutputTarget, prepareTarget, removeParts } from "./output-target.ts";

/** What every way of making a file from frames must know. */
export interface OutputOptions extends FrameStream, Omit<FfmpegProcessOptions, "target" | "expectedSeconds"> {
  readonly tools: FfmpegTools;
  /** Path of the video; nothing is there before it is whole. */
  readonly output: string;
  /** Names the file that is written first. Nobody else may encode to this output: parts of earlier jobs are removed. */
  readonly jobId: string;
  /** Whether an existing file at `output` may be replaced (default false). */
  readonly overwrite?: boolean;
}

export interface EncoderOptions extends OutputOptions, EncodeSettings {
  /** How many frames there will be, where that is known: for the estimate of the room that the video needs. */
  readonly expectedFrames?: number;
}

/**
 * Makes a video from frame files that are given one by one, in order. Whoever opens it owns it: `await using`.
 *
 * The result is what one FFmpeg run over all the files gives. An encoder that is disposed of before {@link finish} has
 * ended leaves neither a process nor a file.
 */
export class Encoder implements AsyncDisposable {
  readonly #options: EncoderOptions;
  readonly #target: OutputTarget;
  readonly #process: FfmpegProcess;
  #frames = 0;
  #where = "before the first frame";
  #disposed: Promise<void> | undefined;

  private constructor(options: EncoderOptions, target: OutputTarget, process: FfmpegProcess) {
    this.#options = options;
    this.#target = target;
    this.#process = process;
  }

  /**
   * @throws {FarmError} `FARM_OUTPUT_EXISTS`, `FARM_OUTPUT_UNWRITABLE`; `FARM_FFMPEG_EXITED` when too many files are open
   */
  static async open(options: EncoderOptions): Promise<Encoder> {
    const { tools, output, jobId, overwrite = false, expectedFrames, rate } = options;
    options.signal?.throwIfAborted();
    const target = await prepareTarget(output, jobId, overwrite);
    await removeParts(target);
    const args = encodeArguments(options, target.partPath);
    const process = FfmpegProcess.start(tools.ffmpeg, args, {
      ...options,
      target: target.partPath,
      ...(expectedFrames !== undefined && { expectedSeconds: expectedFrames / framesPerSecond(rate) }),
    });
    return new Encoder(options, target, process);
  }

  /** Of FFmpeg, for logs; undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  /**
   * Appends one frame. The file must have been checked: what FFmpeg makes of a broken one is only found at the end.
   *
   * Resolves when FFmpeg's pipe has taken the whole file, so a slow encoder slows the caller and fills no memory.
   *
   * @throws {FfmpegExitedError} When FFmpeg has ended; its last words are in the message
   * @throws {FarmError} `FARM_STORE_FAILED` when the file cannot be read; the video is spoiled then
   */
  async write(path: string): Promise<void> {
    this.#frames += 1;
    this.#where = `at frame file ${path}`;
    for await (const piece of piecesOf(path)) await this.#process.write(piece, this.#where);
  }

  /** Resolves when FFmpeg has ended, with the error that this is before {@link finish}. */
  endedEarly(): Promise<unknown> {
    return this.#process.endedEarly(() => this.#where);
  }

  /**
   * Ends the video, checks it with ffprobe and gives it its name.
   *
   * @param expectedFrames Number of frames that the video must have
   * @throws {FfmpegExitedError} When FFmpeg failed
   * @throws {FarmError} `FARM_VIDEO_INCOMPLETE` when the file is not the video expected, `FARM_OUTPUT_EXISTS` when a
   *   file has come to its place meanwhile
   */
  async finish(expectedFrames: number): Promise<FinishedOutput> {
    const { tools, rate, overwrite = false, again, signal } = this.#options;
    if (this.#frames !== expectedFrames) {
      throw videoIncomplete(`${this.#frames} frames were written to it, not ${expectedFrames}`, again);
    }
    await this.#process.finish("while it finished the video");
    const expected = { frames: expectedFrames, ...pictureSizeOf(this.#options), rate, keepsRate: true };
    return await finishVideo({ tools, target: this.#target, expected, overwrite, again, signal });
  }

  /** Stops FFmpeg if it runs, and removes the unfinished file. Idempotent: every caller awaits the same end. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= this.#dispose();
    return this.#disposed;
  }

  async #dispose(): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    // After a finished video the file has its name, and there is nothing to remove.
    await discard(this.#target.partPath);
  }
}
