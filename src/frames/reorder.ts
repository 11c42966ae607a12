import type { Frame } from "../core/node.ts";

/**
 * Turns frames that arrive in any order into frames in the job's order: each arrival releases the frames that now have
 * no gap before them. It only keeps numbers; the frames themselves wait on disk.
 */
export class Reorder {
  readonly #expected: readonly Frame[];
  readonly #known: ReadonlySet<Frame>;
  readonly #waiting = new Set<Frame>();
  #next = 0;

  /** @param expected The job's frames, sorted, without duplicates */
  constructor(expected: readonly Frame[]) {
    this.#expected = expected;
    this.#known = new Set(expected);
  }

  /** Takes a stored frame. A frame that is not in the job, or was taken before, changes nothing. */
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

  /** The next frame to be released; undefined once all are. */
  get next(): Frame | undefined {
    return this.#expected[this.#next];
  }

  get isComplete(): boolean {
    return this.#next === this.#expected.length;
  }
}
