import type { Frame } from "../../core/node.ts";
import type { OutputWriter, WrittenOutput } from "./output-writer.ts";
import type { PicturePlacer } from "./pictures/picture-placer.ts";

/** An output of pictures, which need nothing more than to be put in place. It owns the placer. */
export class SequenceWriter implements OutputWriter {
  readonly #placer: PicturePlacer;

  constructor(placer: PicturePlacer) {
    this.#placer = placer;
  }

  get encoded(): number {
    return this.#placer.placed;
  }

  accept(frame: Frame): void {
    this.#placer.accept(frame);
  }

  drop(frames: readonly Frame[]): Promise<void> {
    return this.#placer.drop(frames);
  }

  /** No search can collide: FFmpeg makes none of these pictures. */
  apart<Value>(work: () => Promise<Value>): Promise<Value> {
    return work();
  }

  async finish(): Promise<WrittenOutput> {
    const { output, passes } = await this.#placer.finish();
    if (output === null) throw new Error("There are no pictures");
    return { ...output, passes, beside: null };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#placer[Symbol.asyncDispose]();
  }
}
