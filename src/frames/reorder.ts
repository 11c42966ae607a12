import type { Frame } from "../core/node.ts";

/**
 * Turns frames that come in any order into frames in the job's order: each arrival answers the frames whose turn it now
 * is, as the gap-free beginning grows. Keeps numbers only; the frames themselves wait on disk.
 */
export class Reorder {
  readonly #expected: readonly Frame[];
  readonly #known: ReadonlySet<Frame>;
  readonly #waiting = new Set<Frame>();
  #next = 0;

  /** @param expected The job's frames, sorted, each once */
  constructor(expected: readonly Frame[]) {
    this.#expected = expected;
    this.#known = new Set(expected);
  }

  /** Takes a stored frame. One that is not of this job, or was there before, changes nothing. */
  accept(frame: Frame): Frame[] {
    const next = this.#expected[this.#next];
    if (next === undefined || frame < next || !this.#known.has(frame)) return [];
    this.#waiting.add(frame);
    const ready: Frame[] = [];
    for (let due = this.next; due !== undefined && this.#waiting.delete(due); due = this.next) {
      ready.push(due);
      this.#next += 1;
    }
    return ready;
  }

  /** The frame that everything waits for; undefined when all have been handed on. */
  get next(): Frame | undefined {
    return this.#expected[this.#next];
  }

  get isComplete(): boolean {
    return this.#next === this.#expected.length;
  }
}
