import type { Frame } from "../../index.ts";

/** How far a frame is. The encoder's progress tells whether a stored frame is encoded too. */
export type FrameStatus = "queued" | "rendering" | "stored" | "failed";

const statuses: readonly FrameStatus[] = ["queued", "rendering", "stored", "failed"];
const chunkSize = 1_024;

/**
 * The status of every frame of a job; immutable. A change copies one small chunk, so following a job of a million
 * frames costs no more than one of ten.
 */
export class FrameCells {
  /** Ascending. */
  readonly frames: readonly Frame[];
  readonly #chunks: readonly Uint8Array[];
  readonly #counts: readonly number[];

  private constructor(frames: readonly Frame[], chunks: readonly Uint8Array[], counts: readonly number[]) {
    this.frames = frames;
    this.#chunks = chunks;
    this.#counts = counts;
  }

  /** All frames queued. @param frames Ascending, without duplicates */
  static of(frames: readonly Frame[]): FrameCells {
    const chunks = Array.from({ length: Math.ceil(frames.length / chunkSize) }, () => new Uint8Array(chunkSize));
    return new FrameCells(frames, chunks, [frames.length, 0, 0, 0]);
  }

  /** @returns `undefined` for a frame that is not in the job */
  statusOf(frame: Frame): FrameStatus | undefined {
    const position = this.#positionOf(frame);
    return position === undefined ? undefined : this.statusAt(position);
  }

  statusAt(position: number): FrameStatus {
    return statuses[this.#chunks[Math.floor(position / chunkSize)]?.[position % chunkSize] ?? 0] ?? "queued";
  }

  countOf(status: FrameStatus): number {
    return this.#counts[statuses.indexOf(status)] ?? 0;
  }

  /** A copy with the frame's new status; a frame that is not in the job changes nothing. */
  with(frame: Frame, status: FrameStatus): FrameCells {
    const position = this.#positionOf(frame);
    if (position === undefined) return this;
    const before = this.statusAt(position);
    if (before === status) return this;
    const index = Math.floor(position / chunkSize);
    const chunk = Uint8Array.from(this.#chunks[index] ?? []);
    chunk[position % chunkSize] = statuses.indexOf(status);
    const counts = this.#counts.map((count, code) => {
      if (statuses[code] === before) return count - 1;
      return statuses[code] === status ? count + 1 : count;
    });
    return new FrameCells(this.frames, this.#chunks.with(index, chunk), counts);
  }

  /** A copy with the same new status for many frames. */
  withAll(frames: readonly Frame[], status: FrameStatus): FrameCells {
    let cells: FrameCells = this;
    for (const frame of frames) cells = cells.with(frame, status);
    return cells;
  }

  #positionOf(frame: Frame): number | undefined {
    let low = 0;
    let high = this.frames.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.frames[middle] as Frame;
      if (found === frame) return middle;
      if (found < frame) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }
}

/**
 * The frames that an event lists in the form "1-24,30,40-60x2,-10--1".
 *
 * Events list each frame once, in ascending order, and never more than a job may have; other lists are ignored.
 */
export function listedFrames(range: string): Frame[] {
  const frames: Frame[] = [];
  for (const part of range.split(",")) {
    const match = /^(-?\d+)(?:-(-?\d+)(?:x([1-9]\d*))?)?$/.exec(part.trim());
    if (!match) continue;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    for (let frame = first; frame <= last && frames.length < 1_000_000; frame += Number(match[3] ?? 1)) {
      frames.push(frame);
    }
  }
  return frames;
}
