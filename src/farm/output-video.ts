import { AsyncQueue } from "../core/async-queue.ts";
import { messageOf } from "../core/errors.ts";
import type { Frame } from "../core/node.ts";
import { Encoder, type OutputOptions } from "../encode/encoder.ts";
import type { FinishedOutput } from "../encode/finished-video.ts";
import { makeGif, requireGifRate } from "../encode/gif-encoder.ts";
import type { GifFormat, VideoFormat } from "../encode/output-format.ts";
import { Reorder } from "../frames/reorder.ts";
import { type EncodeLane, isAboutOutput, type LaneOptions } from "./output-lane.ts";

/**
 * Encodes frames in the video's order while others still render; a GIF, which is encoded in two passes, after the last
 * one. Should FFmpeg fail, the video is made from the start when all frames are there, so a night's rendering is never
 * stopped by its encoder.
 */
export class VideoLane implements EncodeLane {
  readonly #options: LaneOptions;
  readonly #format: VideoFormat | GifFormat;
  readonly #reorder: Reorder;
  readonly #ready = new AsyncQueue<Frame>();
  readonly #stop = new AbortController();
  readonly #along: Promise<Encoder | undefined>;
  #encoded = 0;
  #hasFailed = false;

  /** @throws {FarmError} `FARM_BAD_INPUT` when the format cannot have this rate */
  constructor(options: LaneOptions, format: VideoFormat | GifFormat) {
    if (format.kind === "gif") requireGifRate(options.facts.rate);
    this.#options = options;
    this.#format = format;
    this.#reorder = new Reorder(options.facts.frames);
    this.#along = format.kind === "gif" ? Promise.resolve(undefined) : this.#encodeAlong(format);
  }

  get encoded(): number {
    return this.#encoded;
  }

  accept(frame: Frame): void {
    for (const ready of this.#reorder.accept(frame)) this.#ready.push(ready);
  }

  async finish(): Promise<FinishedOutput> {
    this.#ready.end();
    await using encoder = await this.#along;
    if (!this.#hasFailed) {
      try {
        return await (encoder?.finish(this.#options.facts.frames.length) ?? this.#encodeAtOnce());
      } catch (error) {
        if (isAboutOutput(error)) throw error;
        this.#postpone(error);
        // Its part file has the name that the second try will use.
        await encoder?.[Symbol.asyncDispose]();
      }
    }
    return await this.#encodeAtOnce();
  }

  /** Stops FFmpeg if it still runs; an unfinished video is removed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ready.end();
    this.#stop.abort();
    const encoder = await this.#along;
    await encoder?.[Symbol.asyncDispose]();
  }

  /** @returns The encoder, with every frame in it, or `undefined` when it failed */
  async #encodeAlong(format: VideoFormat): Promise<Encoder | undefined> {
    let encoder: Encoder | undefined;
    try {
      const expectedFrames = this.#options.facts.frames.length;
      encoder = await Encoder.open({ ...this.#outputOptions(), format, expectedFrames });
      for await (const frame of this.#ready) {
        this.#stop.signal.throwIfAborted();
        await encoder.write(this.#pathOf(frame));
        this.#encoded += 1;
      }
      return encoder;
    } catch (error) {
      await encoder?.[Symbol.asyncDispose]();
      this.#postpone(error);
      return undefined;
    }
  }

  async #encodeAtOnce(): Promise<FinishedOutput> {
    const { frames } = this.#options.facts;
    const options = this.#outputOptions();
    const format = this.#format;
    this.#encoded = 0;
    const count = () => {
      this.#encoded += 1;
    };
    if (format.kind === "gif") {
      return await makeGif({ ...options, frames: frames.map((frame) => this.#pathOf(frame)), onFrame: count });
    }
    await using encoder = await Encoder.open({ ...options, format, expectedFrames: frames.length });
    for (const frame of frames) {
      await encoder.write(this.#pathOf(frame));
      count();
    }
    return await encoder.finish(frames.length);
  }

  #postpone(error: unknown): void {
    this.#encoded = 0;
    this.#hasFailed = true;
    if (this.#stop.signal.aborted || this.#options.signal.aborted) return;
    this.#options.onPostponed(messageOf(error));
  }

  #outputOptions(): OutputOptions {
    const { facts, tools, output, job, overwrite, again, signal } = this.#options;
    if (tools === undefined) throw new Error("No FFmpeg was looked for");
    return {
      ...{ tools, output, jobId: job, overwrite, again, rate: facts.rate },
      ...facts.frameFormat,
      signal: AbortSignal.any([signal, this.#stop.signal]),
    };
  }

  #pathOf(frame: Frame): string {
    const path = this.#options.pathOf(frame);
    if (path === undefined) throw new Error(`Frame ${frame} is not stored`);
    return path;
  }
}
