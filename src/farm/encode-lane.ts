import { AsyncQueue } from "../core/async-queue.ts";
import type { FarmError } from "../core/errors.ts";
import { messageOf } from "../core/errors.ts";
import type { Frame } from "../core/node.ts";
import { type EncodedVideo, Encoder, type EncoderOptions } from "../encode/encoder.ts";
import { Reorder } from "../frames/reorder.ts";

export interface EncodeLaneOptions {
  /** The frames of the video, sorted. */
  readonly frames: readonly Frame[];
  readonly pathOf: (frame: Frame) => string;
  readonly encoder: Omit<EncoderOptions, "signal" | "onProgress">;
  /** Told when encoding along failed; the frames are safe and are encoded when all are there. */
  readonly onPostponed: (message: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Encodes frames while others still render: it takes them in any order and gives them to FFmpeg in the video's order.
 * Nobody waits for it but the end of the job. Should FFmpeg die on the way, the video is made from the start when all
 * frames are there, so a night's rendering is never stopped by its encoder.
 */
export class EncodeLane implements AsyncDisposable {
  readonly #options: EncodeLaneOptions;
  readonly #reorder: Reorder;
  readonly #ready = new AsyncQueue<Frame>();
  readonly #stop = new AbortController();
  readonly #along: Promise<Encoder | undefined>;
  #encoded = 0;

  constructor(options: EncodeLaneOptions) {
    this.#options = options;
    this.#reorder = new Reorder(options.frames);
    this.#along = this.#encodeAlong();
  }

  /** Frames that FFmpeg has taken. */
  get encoded(): number {
    return this.#encoded;
  }

  /** A frame is stored. */
  accept(frame: Frame): void {
    for (const ready of this.#reorder.accept(frame)) this.#ready.push(ready);
  }

  /**
   * All frames are stored: waits until the video is there, checked and in its place.
   *
   * @throws {FarmError} What FFmpeg says when it fails on its second chance too
   */
  async finish(): Promise<EncodedVideo> {
    this.#ready.end();
    const encoder = await this.#along;
    if (encoder) {
      try {
        return await encoder.finish(this.#options.frames.length);
      } catch (error) {
        if (isAboutOutput(error)) throw error;
        this.#options.onPostponed(messageOf(error));
      } finally {
        await encoder[Symbol.asyncDispose]();
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
  async #encodeAlong(): Promise<Encoder | undefined> {
    let encoder: Encoder | undefined;
    try {
      encoder = await this.#openEncoder();
      for await (const frame of this.#ready) {
        this.#stop.signal.throwIfAborted();
        await encoder.write(this.#options.pathOf(frame));
        this.#encoded += 1;
      }
      return encoder;
    } catch (error) {
      await encoder?.[Symbol.asyncDispose]();
      this.#encoded = 0;
      if (!this.#stop.signal.aborted && !this.#options.signal.aborted) this.#options.onPostponed(messageOf(error));
      return undefined;
    }
  }

  async #encodeAtOnce(): Promise<EncodedVideo> {
    await using encoder = await this.#openEncoder();
    for (const frame of this.#options.frames) {
      await encoder.write(this.#options.pathOf(frame));
      this.#encoded += 1;
    }
    return await encoder.finish(this.#options.frames.length);
  }

  #openEncoder(): Promise<Encoder> {
    const signal = AbortSignal.any([this.#options.signal, this.#stop.signal]);
    return Encoder.open({ ...this.#options.encoder, signal });
  }
}

/** Whether trying again would end in the same way: the place for the video is the trouble, not FFmpeg. */
function isAboutOutput(error: unknown): boolean {
  const code = (error as Partial<FarmError> | undefined)?.code;
  return code === "FARM_OUTPUT_EXISTS" || code === "FARM_OUTPUT_UNWRITABLE";
}
