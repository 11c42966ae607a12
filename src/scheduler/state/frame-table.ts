import type { Frame, NodeId } from "../../core/node.ts";
import { compareNumbers, noKeys, type SortedKeys } from "../collections/sorted-map.ts";
import { Vector } from "../collections/vector.ts";
import type { AttemptError } from "../events.ts";

/** `queued → active → stored`, or `failed`. */
export type FrameStatus = "queued" | "active" | "stored" | "failed";

/**
 * How a try ended; `open` while it has not. `lost` is nobody's fault, `cancelled` and `withdrawn` are the scheduler's
 * own doing, `dropped` is a try whose frame another one stored first.
 */
export type AttemptEnd = "open" | "stored" | "dropped" | "withdrawn" | "cancelled" | "lost" | "failed";

/** What is remembered of an attempt for as long as the job lasts. */
export interface PastAttempt {
  readonly attempt: number;
  readonly node: NodeId;
  readonly hasStarted: boolean;
  /** How often its result was offered again after a loss: a node that comes back has it still. */
  readonly refetches: number;
  readonly end: AttemptEnd;
  /** Present when the end is `failed`. */
  readonly error: AttemptError | null;
}

export interface FrameRecord {
  readonly frame: Frame;
  readonly status: FrameStatus;
  /** Every attempt in the order in which it was assigned or adopted. */
  readonly history: readonly PastAttempt[];
}

export type FrameCounts = Readonly<Record<FrameStatus, number>>;

/** Frames that came back which a node is offered at most: with many that it may not take it goes on to those never tried. */
const mostReturnedLooks = 32;

interface Parts {
  readonly records: Vector<FrameRecord>;
  // Frames never move, so all versions of a table share this.
  readonly positions: ReadonlyMap<Frame, number>;
  readonly counts: FrameCounts;
  /** Before it is no frame that waits and was never tried: a frame that was tried once is never fresh again. */
  readonly firstFresh: number;
  /** Positions of the queued frames that were tried before. */
  readonly returned: SortedKeys<number>;
}

/**
 * The job's frames in the order in which they are handed out. Immutable, and a change costs the same whatever the job's
 * size; the first queued frame is found without a search.
 */
export class FrameTable {
  readonly #parts: Parts;

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * @param frames Each frame of the job once, in the order in which it is to be handed out
   * @param stored Frames that need no attempt, because an earlier run stored them
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

  /** The frame's record, or undefined when the frame is none of the job's. */
  get(frame: Frame): FrameRecord | undefined {
    const position = this.#parts.positions.get(frame);
    return position === undefined ? undefined : this.#parts.records.at(position);
  }

  /** A table in which this record stands in place of its frame's former one. */
  with(record: FrameRecord): FrameTable {
    const { positions, counts: former } = this.#parts;
    const position = positions.get(record.frame);
    const before = position === undefined ? undefined : this.#parts.records.at(position);
    if (position === undefined || !before) throw new Error(`Frame ${record.frame} is none of the job's`);
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
   * The first queued frame in handing-out order that passes, or undefined. One that was never tried passes always; of the
   * others only the first few are asked about.
   */
  firstQueued(passes: (record: FrameRecord) => boolean): FrameRecord | undefined {
    const { records, firstFresh, returned } = this.#parts;
    let looks = 0;
    for (const position of returned.keys()) {
      if (position > firstFresh || looks++ >= mostReturnedLooks) break;
      const record = records.at(position);
      if (record && passes(record)) return record;
    }
    return records.at(firstFresh);
  }

  /** All records in handing-out order. */
  records(): IterableIterator<FrameRecord> {
    return this.#parts.records[Symbol.iterator]();
  }

  /** The frames of these statuses, in ascending order. */
  framesWith(...statuses: readonly FrameStatus[]): Frame[] {
    const frames: Frame[] = [];
    for (const record of this.records()) if (statuses.includes(record.status)) frames.push(record.frame);
    return frames.sort((one, other) => one - other);
  }

  /** @throws {Error} When what is remembered of the queue is not what is there: for tests */
  check(): void {
    const { records, firstFresh, returned } = this.#parts;
    if (nextFresh(records, 0) !== firstFresh)
      throw new Error(`Frame ${firstFresh} is not the first that was never tried`);
    let [position, found] = [0, 0];
    for (const record of this.records()) {
      if (isReturned(record)) found += returned.has(position) ? 1 : Number.NaN;
      position++;
    }
    if (found !== returned.size) throw new Error("The frames that came back are others");
  }
}

/** The position of the first frame from this one on that waits and was never tried; behind the last one without any. */
function nextFresh(records: Vector<FrameRecord>, from: number): number {
  for (let position = from; ; position++) {
    const record = records.at(position);
    if (!record || (record.status === "queued" && record.history.length === 0)) return position;
  }
}

function isReturned({ status, history }: FrameRecord): boolean {
  return status === "queued" && history.length > 0;
}
