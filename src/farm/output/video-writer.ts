import { messageOf } from "../../core/errors.ts";
import type { Frame } from "../../core/node.ts";
import type { OutputOptions } from "../../encode/encoder.ts";
import type { FinishedOutput } from "../../encode/finished-video.ts";
import { makeGif, requireGifRate } from "../../encode/gif-encoder.ts";
import type { GifFormat, VideoFormat } from "../../encode/output-format.ts";
import { EncodePass } from "./encode-pass.ts";
import { isAboutOutput, type OutputWriter, type WriterOptions } from "./output-writer.ts";
import { searchRefused } from "./refusal-search.ts";

/** How often FFmpeg is restarted without refused frames before all frames are stored. */
const mostRestarts = 8;

/**
 * Encodes frames in the video's order while others still render. A GIF, which takes two passes, is encoded after the
 * last frame. If FFmpeg fails, the frames that it refuses are found, dropped and rendered again, and FFmpeg is
 * restarted. If no frame is the reason, the video is made from the start once all frames are stored. So the encoder
 * never stops a night's rendering.
 */
export class VideoWriter implements OutputWriter<FinishedOutput> {
  readonly #options: WriterOptions;
  readonly #format: VideoFormat | GifFormat;
  readonly #known: ReadonlySet<Frame>;
  readonly #accepted = new Set<Frame>();
  readonly #stop = new AbortController();
  /** The analysis of a failure while frames still render; `finish` waits for it. */
  #lookingInto: Promise<void> = Promise.resolve();
  #pass: EncodePass | undefined;
  #gifFrames = 0;
  #restarts = 0;
  #isFinishing = false;
  #isPostponed = false;
  /** The error, if the output can never be made. */
  #end: { readonly error: unknown } | undefined;

  /** @throws {FarmError} `FARM_BAD_INPUT` if the format cannot have this frame rate */
  constructor(options: WriterOptions, format: VideoFormat | GifFormat) {
    if (format.kind === "gif") requireGifRate(options.facts.rate);
    this.#options = options;
    this.#format = format;
    this.#known = new Set(options.facts.frames);
    this.#encodeIncrementally();
  }

  get encoded(): number {
    return this.#pass?.written ?? this.#gifFrames;
  }

  accept(frame: Frame): void {
    if (!this.#known.has(frame)) return;
    this.#accepted.add(frame);
    this.#pass?.accept(frame);
  }

  async drop(frames: readonly Frame[]): Promise<void> {
    if (frames.filter((frame) => this.#accepted.delete(frame)).length === 0) return;
    await this.#endPass();
    if (!this.#isPostponed && this.#restarts < mostRestarts) this.#encodeIncrementally();
  }

  apart<Value>(work: () => Promise<Value>): Promise<Value> {
    const done = this.#lookingInto.then(work);
    this.#lookingInto = done.then(
      () => {},
      () => {},
    );
    return done;
  }

  async finish(): Promise<FinishedOutput | null> {
    this.#isFinishing = true;
    try {
      await this.#lookingInto;
      if (this.#end) throw this.#end.error;
      if (this.#accepted.size < this.#known.size) return null; // some were refused meanwhile
      return await this.#encode();
    } catch (error) {
      if (isAboutOutput(error) || this.#end) throw error;
      if (await this.#dropRefused(error)) return null;
      if (this.#isPostponed) throw error;
      this.#postpone(error);
      return await this.finish();
    } finally {
      this.#isFinishing = false;
    }
  }

  /** Stops FFmpeg if it still runs; an unfinished video is removed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#lookingInto;
    await this.#endPass();
  }

  #encodeIncrementally(): void {
    if (this.#format.kind === "gif") return;
    const pass = this.#beginPass(this.#format);
    for (const frame of this.#accepted) pass.accept(frame);
    void pass.failed.then((error) => {
      if (this.#pass !== pass || this.#isFinishing) return; // `finish` gets the error itself
      void this.apart(() => this.#lookInto(pass, error));
    });
  }

  async #lookInto(pass: EncodePass, error: unknown): Promise<void> {
    if (this.#pass !== pass) return; // frames were dropped meanwhile, and another pass has started
    try {
      if (await this.#dropRefused(error)) return;
      await this.#endPass();
      this.#postpone(error);
    } catch (reason) {
      this.#end = { error: reason };
    }
  }

  async #encode(): Promise<FinishedOutput> {
    const format = this.#format;
    if (format.kind === "gif") return await this.#encodeGif();
    this.#pass ??= this.#beginPass(format);
    for (const frame of this.#accepted) this.#pass.accept(frame);
    try {
      return await this.#pass.finish();
    } catch (error) {
      await this.#pass[Symbol.asyncDispose](); // the next pass will use the same part file
      throw error;
    }
  }

  async #encodeGif(): Promise<FinishedOutput> {
    this.#gifFrames = 0;
    const count = () => {
      this.#gifFrames += 1;
    };
    const frames = this.#options.facts.frames.map((frame) => this.#pathOf(frame));
    return await makeGif({ ...this.#outputOptions(), frames, onFrame: count });
  }

  /** Drops the frames that made FFmpeg fail. @returns Whether there were any */
  async #dropRefused(error: unknown): Promise<boolean> {
    if (this.#isStopped) return false;
    const { facts, onRefused } = this.#options;
    const signal = AbortSignal.any([this.#options.signal, this.#stop.signal]);
    const given = this.#pass?.given ?? facts.frames;
    const format = this.#format.kind === "gif" ? undefined : this.#format;
    const refused = await searchRefused(error, given, { ...this.#options, signal }, format);
    if (refused.length === 0) return false;
    this.#restarts += 1;
    // Before they are rendered again: one may be accepted again before the others are reported.
    await this.drop(refused.map(({ frame }) => frame));
    await onRefused(refused);
    return true;
  }

  #postpone(error: unknown): void {
    this.#isPostponed = true;
    this.#pass = undefined;
    this.#gifFrames = 0;
    if (!this.#isStopped) this.#options.onPostponed(messageOf(error));
  }

  get #isStopped(): boolean {
    return this.#stop.signal.aborted || this.#options.signal.aborted;
  }

  #beginPass(format: VideoFormat): EncodePass {
    const { frames } = this.#options.facts;
    this.#pass = new EncodePass({
      encoder: { ...this.#outputOptions(), format },
      frames,
      pathOf: (frame) => this.#pathOf(frame),
    });
    return this.#pass;
  }

  async #endPass(): Promise<void> {
    const pass = this.#pass;
    this.#pass = undefined;
    await pass?.[Symbol.asyncDispose]();
  }

  #outputOptions(): OutputOptions {
    const { facts, tools, output, job, overwrite, again, sound, signal } = this.#options;
    if (tools === undefined) throw new Error("No FFmpeg was prepared");
    return {
      ...{ tools, output, jobId: job, overwrite, again, sound, rate: facts.rate },
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
