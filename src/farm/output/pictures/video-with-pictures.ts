import type { Frame } from "../../../core/node.ts";
import type { FinishedOutput } from "../../../encode/finished-video.ts";
import type { OutputWriter, WrittenOutput } from "../output-writer.ts";
import type { PicturePlacer } from "./picture-placer.ts";

/** A video, and the pictures that come beside it. It owns both. */
export class VideoWithPictures implements OutputWriter {
  readonly #video: OutputWriter<FinishedOutput>;
  readonly #placer: PicturePlacer;

  constructor(video: OutputWriter<FinishedOutput>, placer: PicturePlacer) {
    this.#video = video;
    this.#placer = placer;
  }

  get encoded(): number {
    return this.#video.encoded;
  }

  accept(frame: Frame): void {
    this.#placer.accept(frame);
    this.#video.accept(frame);
  }

  async drop(frames: readonly Frame[]): Promise<void> {
    await this.#placer.drop(frames);
    await this.#video.drop(frames);
  }

  apart<Value>(work: () => Promise<Value>): Promise<Value> {
    return this.#video.apart(work);
  }

  /** The video gets its name last: a job whose video is there has everything. */
  async finish(): Promise<WrittenOutput | null> {
    const { passes, beside } = await this.#placer.finish();
    const finished = await this.#video.finish();
    return finished === null ? null : { ...finished, passes, beside };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#placer[Symbol.asyncDispose]();
    await this.#video[Symbol.asyncDispose]();
  }
}
