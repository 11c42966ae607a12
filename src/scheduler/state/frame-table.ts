import type { Frame, NodeId } from "../../core/node.ts";
import { compareNumbers, noKeys, type SortedKeys } from "../collections/sorted-map.ts";
import { Vector } from "../collections/vector.ts";
import type { AttemptError } from "../events.ts";

/** `queued → active → stored`, or `failed`. */
export type FrameStatus = "queued" | "active" | "stored" | "failed";

/**
 * How an attempt ended; `open` while it has not. `lost`: nobody is to blame. `cancelled` and `withdrawn`: by the
 * scheduler. `dropped`: another attempt stored the frame first.
 */
export type AttemptEnd = "open" | "stored" | "dropped" | "withdrawn" | "cancelled" | "lost" | "failed";

/** The record of an attempt, which is kept until the job ends. */
export interface PastAttempt {
  readonly attempt: number;
  readonly node: NodeId;
  readonly hasStarted: boolean;
  /** How often its result was fetched again after a loss: a node that comes back still has it. */
  readonly refetches: number;
  readonly end: AttemptEnd;
  /** Not null if the end is `failed`. */
  readonly error: AttemptError | null;
}

export interface FrameRecord {
  readonly frame: Frame;
  readonly status: FrameStatus;
  /** All attempts, in the order in which they were assigned or adopted. */
  readonly history: readonly PastAttempt[];
}

export type FrameCounts = Readonly<Record<FrameStatus, number>>;

/** How many returned frames are offered to a node. If it may not take any of them, it gets a fresh one. */
const mostReturnedOffers = 32;

interface Parts {
  readonly records: Vector<FrameRecord>;
  // Frames never move, so all versions of a table share this map.
  readonly positions: ReadonlyMap<Frame, number>;
  readonly counts: FrameCounts;
  /** Position of the first fresh frame: one that is queued and has had no attempt. */
  readonly firstFresh: number;
  /** Positions of the queued frames that have had an attempt. */
  readonly returned: SortedKeys<number>;
}

/**
 * The job's frames in the order in which they are assigned. Immutable. A change costs the same for every size of job,
 * and the first queued frame is found without a search.
 */
export class FrameTable {
  readonly #parts: Parts;

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * @param frames Each frame of the job once, in the order in which they are to be assigned
   * @param stored Frames that an earlier run stored
   */
  static of(frames: readonly Frame[], stored: ReadonlySet<Frame>): FrameTable {
    const positions = new Map(frames.map((frame, position) => [frame, position]));
    if (positions.size !== frames.length) throw new Error("Cannot schedule a job: a frame is listed twice");
    const noHistory: readonly PastAttempt[] = [];
    const all = frames.map(
      (frame): FrameRecord => ({ frame, status: stored.has(frame) ? "stored" : "queued", history: noHistory }),
    );
    const records = Vector.of(all);
    const queued = all.reduce((sum, { status }) => sum + Number(status === "queued"), 0);
    const counts = { queued, active: 0, stored: frames.length - queued, failed: 0 };
    const returned = noKeys(compareNumbers);
    return new FrameTable({ records, positions, counts, firstFresh: nextFresh(records, 0), returned });
  }

  get counts(): FrameCounts {
    return this.#parts.counts;
  }

  get size(): number {
    return this.#parts.positions.size;
  }

  /** The frame's record, or undefined if the frame is not in the job. */
  get(frame: Frame): FrameRecord | undefined {
    const position = this.#parts.positions.get(frame);
    return position === undefined ? undefined : this.#parts.records.at(position);
  }

  /** A copy of the table with this record instead of the frame's former one. */
  with(record: FrameRecord): FrameTable {
    const { positions, counts: former } = this.#parts;
    const position = positions.get(record.frame);
    const before = position === undefined ? undefined : this.#parts.records.at(position);
    if (position === undefined || !before) throw new Error(`Frame ${record.frame} is not in the job`);
    const records = this.#parts.records.with(position, record);
    let { counts, firstFresh, returned } = this.#parts;
    if (record.status !== before.status) {
      counts = { ...former, [before.status]: former[before.status] - 1, [record.status]: former[record.status] + 1 };
    }
    if (position === firstFresh) firstFresh = nextFresh(records, position);
    returned = isReturned(record) ? returned.with(position) : returned.without(position);
    return new FrameTable({ records, positions, counts, firstFresh, returned });
  }

  /**
   * The first queued frame that passes the test, in the order of assignment, or undefined. A fresh frame always passes;
   * of the returned frames only the first few are tested.
   */
  firstQueued(passes: (record: FrameRecord) => boolean): FrameRecord | undefined {
    const { records, firstFresh, returned } = this.#parts;
    let candidates = 0;
    for (const position of returned.keys()) {
      if (position > firstFresh || candidates++ >= mostReturnedOffers) break;
      const record = records.at(position);
      if (record && passes(record)) return record;
    }
    return records.at(firstFresh);
  }

  /**
   * The next queued frame that passes the test, for jobs that are rendered in runs: the one after `latest`, else the
   * begin of a new run. That is the begin of the longest stretch of queued frames, or its middle if somebody is about to
   * continue there.
   *
   * @param latest The frame that was assigned to the slot before; `null` if there was none
   */
  nextOfRun(latest: Frame | null, passes: (record: FrameRecord) => boolean): FrameRecord | undefined {
    const { records, positions } = this.#parts;
    const position = latest === null ? undefined : positions.get(latest);
    const next = position === undefined ? undefined : records.at(position + 1);
    if (next?.status === "queued" && passes(next)) return next;
    const { from, length } = this.#longestStretch();
    const isContinued = records.at(from - 1)?.status === "active";
    const first = records.at(isContinued ? from + (length >> 1) : from);
    return first !== undefined && passes(first) ? first : this.firstQueued(passes);
  }

  #longestStretch(): { readonly from: number; readonly length: number } {
    let longest = { from: 0, length: 0 };
    let [from, position] = [0, 0];
    for (const { status } of this.records()) {
      if (status !== "queued") from = position + 1;
      else if (position - from + 1 > longest.length) longest = { from, length: position - from + 1 };
      position++;
    }
    return longest;
  }

  /** All records, in the order of assignment. */
  records(): IterableIterator<FrameRecord> {
    return this.#parts.records[Symbol.iterator]();
  }

  /** The frames with these statuses, in ascending order. */
  framesWith(...statuses: readonly FrameStatus[]): Frame[] {
    const frames: Frame[] = [];
    for (const record of this.records()) if (statuses.includes(record.status)) frames.push(record.frame);
    return frames.sort((one, other) => one - other);
  }

  /** Checks the table's own bookkeeping, for tests. @throws {Error} If it is wrong */
  check(): void {
    const { records, firstFresh, returned } = this.#parts;
    if (nextFresh(records, 0) !== firstFresh) throw new Error(`Frame ${firstFresh} is not the first fresh one`);
    let [position, found] = [0, 0];
    for (const record of this.records()) {
      if (isReturned(record)) found += returned.has(position) ? 1 : Number.NaN;
      position++;
    }
    if (found !== returned.size) throw new Error("The returned frames are wrong");
  }
}

/** The position of the first fresh frame from this one on; one past the end if there is none. */
function nextFresh(records: Vector<FrameRecord>, from: number): number {
  for (let position = from; ; position++) {
    const record = records.at(position);
    if (!record || (record.status === "queued" && record.history.length === 0)) return position;
  }
}

function isReturned({ status, history }: FrameRecord): boolean {
  return status === "queued" && history.length > 0;
}
