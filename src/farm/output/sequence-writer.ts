import { AsyncQueue } from "../../core/async-queue.ts";
import { messageOf } from "../../core/errors.ts";
import type { Frame } from "../../core/node.ts";
import type { FinishedOutput } from "../../encode/finished-video.ts";
import type { FrameNames } from "../../encode/frame-names.ts";
import { ImageSequence } from "../../encode/image-sequence.ts";
import { isAboutOutput, type OutputWriter, type WriterOptions } from "./output-writer.ts";

/** Puts each frame of an image sequence in place as soon as it is stored. */
export class SequenceWriter implements OutputWriter {
  readonly #options: WriterOptions;
  readonly #sequence: ImageSequence;
  readonly #known: ReadonlySet<Frame>;
  readonly #ready = new AsyncQueue<Frame>();
  readonly #along: Promise<void>;
  #encoded = 0;
  #isStopped = false;
  #hasFailed = false;

  private constructor(options: WriterOptions, sequence: ImageSequence) {
    this.#options = options;
    this.#sequence = sequence;
    this.#known = new Set(options.facts.frames);
    this.#along = this.#placeAlong();
  }

  static async open(options: WriterOptions, names: FrameNames): Promise<SequenceWriter> {
    const { facts, pathOf, output, job, overwrite } = options;
    const { frames } = facts;
    const sequence = await ImageSequence.open({ names, output, frames, sourceOf: pathOf, jobId: job, overwrite });
    return new SequenceWriter(options, sequence);
  }

  get encoded(): number {
    return this.#encoded;
  }

  accept(frame: Frame): void {
    if (this.#known.has(frame)) this.#ready.push(frame);
  }

  async drop(frames: readonly Frame[]): Promise<void> {
    for (const frame of frames) {
      if (await this.#sequence.remove(frame)) this.#encoded = Math.max(0, this.#encoded - 1);
    }
  }

  /** No search can collide: FFmpeg makes none of these pictures. */
  apart<Value>(work: () => Promise<Value>): Promise<Value> {
    return work();
  }

  async finish(): Promise<FinishedOutput> {
    this.#ready.end();
    await this.#along;
    if (this.#hasFailed) {
      this.#encoded = 0;
      for (const frame of this.#options.facts.frames) await this.#place(frame);
    }
    return await this.#sequence.finish(this.#options.again);
  }

  /** Pictures that are in place are complete, and are kept. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    this.#ready.end();
    await this.#along;
  }

  async #placeAlong(): Promise<void> {
    for await (const frame of this.#ready) {
      if (this.#isStopped || this.#hasFailed || this.#options.signal.aborted) continue;
      if (this.#options.pathOf(frame) === undefined) continue; // taken out meanwhile: it will be accepted again
      try {
        await this.#place(frame);
      } catch (error) {
        this.#hasFailed = true;
        // If the problem lasts, `finish` reports it again.
        this.#options.onPostponed(isAboutOutput(error) ? messageOf(error) : `Frame ${frame}: ${messageOf(error)}`);
      }
    }
  }

  async #place(frame: Frame): Promise<void> {
    this.#options.signal.throwIfAborted();
    await this.#sequence.place(frame);
    this.#encoded += 1;
  }
}
