import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { frameUnreadable, videoIncomplete } from "./encode-errors.ts";
import { encodeArguments } from "./ffmpeg-arguments.ts";
import { FfmpegProcess } from "./ffmpeg-process.ts";
import { type FfmpegTools, requireEncoder } from "./ffmpeg-tools.ts";
import type { FrameRate } from "./frame-rate.ts";
import type { OutputFormat } from "./output-format.ts";
import { moveIntoPlace, type OutputTarget, prepareTarget, removeParts } from "./output-target.ts";
import type { EncodeProgress } from "./parse-progress.ts";
import { differenceOf, probeVideo } from "./probe.ts";

export interface EncoderOptions {
  readonly tools: FfmpegTools;
  /** Path of the video; nothing is there before it is whole. */
  readonly output: string;
  readonly format: OutputFormat;
  readonly rate: FrameRate;
  /** Size of every frame, in pixels. */
  readonly width: number;
  readonly height: number;
  /** Names the file that is written first. Nobody else may encode to this output: parts of earlier jobs are removed. */
  readonly jobId: string;
  /** Whether an existing file at `output` may be replaced (default false). */
  readonly overwrite?: boolean;
  readonly onProgress?: (progress: EncodeProgress) => void;
  /** Aborting stops FFmpeg; pending and later calls reject with its reason. */
  readonly signal?: AbortSignal;
}

export interface EncodedVideo {
  readonly output: string;
  readonly frames: number;
  readonly sizeBytes: number;
}

/** How much of a frame file is read at once, in bytes. */
const pieceBytes = 256 * 1024;

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
   * @throws {FarmError} `FARM_ENCODER_MISSING`, `FARM_OUTPUT_EXISTS`, `FARM_OUTPUT_UNWRITABLE`
   */
  static async open(options: EncoderOptions): Promise<Encoder> {
    const { tools, format, output, jobId, overwrite = false, signal, onProgress } = options;
    await requireEncoder(tools, format.encoder, signal);
    const target = await prepareTarget(output, jobId, overwrite);
    await removeParts(target);
    const process = FfmpegProcess.start(tools.ffmpeg, encodeArguments(options, target.partPath), {
      ...(onProgress === undefined ? {} : { onProgress }),
      ...(signal === undefined ? {} : { signal }),
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

  /**
   * Ends the video, checks it with ffprobe and gives it its name.
   *
   * @param expectedFrames Number of frames that the video must have
   * @throws {FfmpegExitedError} When FFmpeg failed
   * @throws {FarmError} `FARM_VIDEO_INCOMPLETE` when the file is not the video expected, `FARM_OUTPUT_EXISTS` when a
   *   file has come to its place meanwhile
   */
  async finish(expectedFrames: number): Promise<EncodedVideo> {
    const { tools, format, width, height, rate, overwrite = false, signal } = this.#options;
    if (this.#frames !== expectedFrames) {
      throw videoIncomplete(`${this.#frames} frames were written to it, not ${expectedFrames}`);
    }
    await this.#process.finish("while it finished the video");
    const facts = await probeVideo(tools, this.#target.partPath, signal);
    const evened = (size: number) => (format.needsEvenSize ? size + (size % 2) : size);
    const expected = { frames: expectedFrames, width: evened(width), height: evened(height), rate };
    const difference = differenceOf(facts, expected);
    if (difference !== null) throw videoIncomplete(difference);
    await moveIntoPlace(this.#target, overwrite);
    return { output: this.#target.path, frames: facts.packets, sizeBytes: facts.sizeBytes };
  }

  /** Stops FFmpeg if it runs, and removes the unfinished file. Idempotent: every caller awaits the same end. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= this.#dispose();
    return this.#disposed;
  }

  async #dispose(): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    // After a finished video the file has its name, and there is nothing to remove.
    await rm(this.#target.partPath, { force: true });
  }
}

async function* piecesOf(path: string): AsyncGenerator<Uint8Array> {
  const pieces = createReadStream(path, { highWaterMark: pieceBytes })[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { value, done } = await pieces.next().catch((error: unknown) => {
        throw frameUnreadable(path, error);
      });
      if (done) return;
      yield value;
    }
  } finally {
    await pieces.return?.();
  }
}
