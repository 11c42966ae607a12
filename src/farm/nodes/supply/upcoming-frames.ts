import type { Frame } from "../../../core/node.ts";

/** The frames that are still to be rendered, in the order in which they are handed out. */
export class UpcomingFrames {
  #frames: readonly Frame[] = [];
  #positions: ReadonlyMap<Frame, number> = new Map();
  #isStored: (frame: Frame) => boolean = () => false;

  /** The job's frames are known. */
  set(frames: readonly Frame[], isStored: (frame: Frame) => boolean): void {
    this.#frames = frames;
    this.#positions = new Map(frames.map((frame, position) => [frame, position]));
    this.#isStored = isStored;
  }

  /** The next frames after one of them, or from the start. */
  after(frame: Frame | undefined, count: number): readonly Frame[] {
    const found: Frame[] = [];
    const from = frame === undefined ? 0 : (this.#positions.get(frame) ?? -1) + 1;
    for (let position = from; position < this.#frames.length && found.length < count; position++) {
      const next = this.#frames[position] as Frame;
      if (!this.#isStored(next)) found.push(next);
    }
    return found;
  }

  /** The one of two frames that is handed out later. */
  later(one: Frame | undefined, other: Frame): Frame {
    const position = (frame: Frame) => this.#positions.get(frame) ?? -1;
    return one !== undefined && position(one) > position(other) ? one : other;
  }
}
