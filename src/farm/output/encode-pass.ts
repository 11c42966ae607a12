import { AsyncQueue } from "../../core/async-queue.ts";
import type { Frame } from "../../core/node.ts";
import { Encoder, type EncoderOptions } from "../../encode/encoder.ts";
import type { FinishedOutput } from "../../encode/finished-video.ts";
import { Reorder } from "../../frames/reorder.ts";

export interface PassOptions {
  readonly encoder: Omit<EncoderOptions, "expectedFrames">;
  /** The frames of the video, sorted. */
  readonly frames: readonly Frame[];
  readonly pathOf: (frame: Frame) => string;
}

/** One run of FFmpeg, which gets the frames in the video's order as they arrive. The caller owns it: `await using`. */
export class EncodePass implements AsyncDisposable {
  /** Frames given to FFmpeg, including the one that is being written. */
  readonly given: Frame[] = [];
  readonly #options: PassOptions;
  readonly #reorder: Reorder;
  readonly #ready = new AsyncQueue<Frame>();
  readonly #stop = new AbortController();
  readonly #filled: Promise<Encoder>;
  #encoder: Encoder | undefined;
  #written = 0;

  constructor(options: PassOptions) {
    this.#options = options;
    this.#reorder = new Reorder(options.frames);
    this.#filled = this.#fill();
    this.#filled.catch(() => {}); // reported by `failed` and `finish`
  }

  /** Frames that FFmpeg has taken. */
  get written(): number {
    return this.#written;
  }

  /** Resolves with the error if it fails before all frames are in and {@link finish} is called. */
  get failed(): Promise<unknown> {
    return this.#filled.then(
      () => new Promise(() => {}),
      (error: unknown) => error,
    );
  }

  accept(frame: Frame): void {
    for (const ready of this.#reorder.accept(frame)) this.#ready.push(ready);
  }

  /** Waits for the video, after all frames were accepted. @throws {FarmError} As `Encoder` */
  async finish(): Promise<FinishedOutput> {
    this.#ready.end();
    const encoder = await this.#filled;
    return await encoder.finish(this.#options.frames.length);
  }

  /** Stops FFmpeg if it still runs; an unfinished video is removed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#ready.end();
    await this.#filled.catch(() => {});
    await this.#encoder?.[Symbol.asyncDispose]();
  }

  async #fill(): Promise<Encoder> {
    const { encoder: options, pathOf } = this.#options;
    const signal = AbortSignal.any([this.#stop.signal, ...(options.signal === undefined ? [] : [options.signal])]);
    const encoder = await Encoder.open({ ...options, signal, expectedFrames: this.#options.frames.length });
    this.#encoder = encoder;
    // Frames may come hours apart: the end of FFmpeg must be noticed between them too.
    let broken: { readonly error: unknown } | undefined;
    void encoder.endedEarly().then((error) => {
      broken = { error };
      this.#ready.end();
    });
    for await (const frame of this.#ready) {
      if (broken) break;
      signal.throwIfAborted();
      this.given.push(frame);
      await encoder.write(pathOf(frame));
      this.#written += 1;
    }
    if (broken) throw broken.error;
    return encoder;
  }
}
