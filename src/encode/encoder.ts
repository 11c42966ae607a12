import { discard } from "../system/files/held-files.ts";
import { addSound, soundPartOf } from "./add-sound.ts";
import { videoIncomplete } from "./encode-errors.ts";
import { type EncodeSettings, encodeArguments, type FrameStream, pictureSizeOf } from "./ffmpeg/ffmpeg-arguments.ts";
import { FfmpegProcess, type FfmpegProcessOptions } from "./ffmpeg/ffmpeg-process.ts";
import type { FfmpegTools } from "./ffmpeg/ffmpeg-tools.ts";
import { type FinishedOutput, finishVideo } from "./finished-video.ts";
import { piecesOf } from "./frame-pieces.ts";
import { framesPerSecond } from "./frame-rate.ts";
import { type OutputTarget, prepareTarget, removeParts } from "./output-target.ts";
import type { SoundTrack } from "./sound-codec.ts";

/** Options that all outputs made from frames have. */
export interface OutputOptions extends FrameStream, Pick<FfmpegProcessOptions, "stuckMs" | "again" | "signal"> {
  readonly tools: FfmpegTools;
  /** Path of the video; it appears there only when it is complete. */
  readonly output: string;
  /** Names the temporary file. Nothing else may encode to this output: temporary files of earlier jobs are removed. */
  readonly jobId: string;
  /** The sound of a video, once all frames are in it; `null` for none (default: none). */
  readonly sound?: () => Promise<SoundTrack | null>;
  /** Whether an existing file at `output` may be replaced (default false). */
  readonly overwrite?: boolean;
}

export interface EncoderOptions extends OutputOptions, EncodeSettings {
  /** How many frames there will be, if known: for the estimate of the space that the video needs. */
  readonly expectedFrames?: number;
}

/**
 * Makes a video from frame files that are given one by one, in order. The caller must dispose of it: `await using`.
 *
 * The result equals that of one FFmpeg run over all the files. An encoder that is disposed of before {@link finish} has
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
   * @throws {FarmError} `FARM_OUTPUT_EXISTS`, `FARM_OUTPUT_UNWRITABLE`; `FARM_FFMPEG_EXITED` if too many files are open
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

  /** FFmpeg's process id, for logs; undefined if it could not be started. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  /**
   * Appends one frame. The file must have been checked: FFmpeg reports a broken one only at the end.
   *
   * Resolves when the whole file is written to FFmpeg's pipe, so a slow encoder slows the caller down and fills no
   * memory.
   *
   * @throws {FfmpegExitedError} When FFmpeg has ended; its last messages are in the error's message
   * @throws {FarmError} `FARM_STORE_FAILED` if the file cannot be read; the video is then unusable
   */
  async write(path: string): Promise<void> {
    this.#frames += 1;
    this.#where = `at frame file ${path}`;
    for await (const piece of piecesOf(path)) await this.#process.write(piece, this.#where);
  }

  /** Resolves with an error when FFmpeg ends before {@link finish}. */
  endedEarly(): Promise<unknown> {
    return this.#process.endedEarly(() => this.#where);
  }

  /**
   * Completes the video, checks it with ffprobe and gives it its name.
   *
   * @param expectedFrames Number of frames that the video must have
   * @throws {FfmpegExitedError} If FFmpeg failed
   * @throws {FarmError} `FARM_VIDEO_INCOMPLETE` if the file is not the expected video, `FARM_OUTPUT_EXISTS` if another
   *   file has appeared under its name
   */
  async finish(expectedFrames: number): Promise<FinishedOutput> {
    const { tools, rate, overwrite = false, again, signal } = this.#options;
    if (this.#frames !== expectedFrames) {
      throw videoIncomplete(`${this.#frames} frames were written to it, not ${expectedFrames}`, again);
    }
    await this.#process.finish("while it finished the video");
    const sound = (await this.#options.sound?.()) ?? null;
    if (sound !== null) await addSound(this.#target, sound, this.#options);
    const expected = {
      frames: expectedFrames,
      ...pictureSizeOf(this.#options),
      rate,
      keepsRate: true,
      hasSound: sound !== null,
    };
    return await finishVideo({ tools, target: this.#target, expected, overwrite, again, signal });
  }

  /** Stops FFmpeg if it is running, and removes the unfinished file. Idempotent. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= this.#dispose();
    return this.#disposed;
  }

  async #dispose(): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    // A finished video has its final name, so this removes nothing then.
    for (const path of [this.#target.partPath, soundPartOf(this.#target.partPath)]) await discard(path);
  }
}
