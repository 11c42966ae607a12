import type { Frame, NodeId } from "../core/node.ts";
import type { AttemptError } from "./events.ts";

/** `queued → active → stored`, or `failed`. */
export type FrameStatus = "queued" | "active" | "stored" | "failed";

/**
 * How a try ended; `open` while it has not. `lost` is nobody's fault, `cancelled` and `withdrawn` are the scheduler's
 * own doing, `dropped` is a try whose frame another one stored first.
 */
export type TryEnd = "open" | "stored" | "dropped" | "withdrawn" | "cancelled" | "lost" | "failed";

/** What is remembered of an attempt for as long as the job lasts. */
export interface Try {
  readonly attempt: number;
  readonly node: NodeId;
  readonly hasStarted: boolean;
  /** How often its result was offered again after a loss: a node that comes back has it still. */
  readonly reoffers: number;
  readonly end: TryEnd;
  /** Present when the end is `failed`. */
  readonly error: AttemptError | null;
}

export interface FrameRecord {
  readonly frame: Frame;
  readonly status: FrameStatus;
  /** Every attempt in the order in which it was assigned or adopted. */
  readonly tries: readonly Try[];
}

export type FrameCounts = Readonly<Record<FrameStatus, number>>;

interface Chunk {
  readonly records: readonly FrameRecord[];
  readonly queued: number;
}

const chunkLength = 512;

/**
 * The job's frames in the order in which they are handed out. Immutable: a change copies one chunk and the list of
 * chunks, never the whole job, and the first queued frame is found by skipping chunks that have none.
 */
export class FrameTable {
  readonly counts: FrameCounts;
  readonly #chunks: readonly Chunk[];
  // Frames never move, so all versions of a table share this index.
  readonly #positions: ReadonlyMap<Frame, number>;

  private constructor(chunks: readonly Chunk[], positions: ReadonlyMap<Frame, number>, counts: FrameCounts) {
    this.#chunks = chunks;
    this.#positions = positions;
    this.counts = counts;
  }

  /**
   * @param frames Each frame of the job once, in the order in which it is to be handed out
   * @param stored Frames that need no attempt, because an earlier run stored them
   */
  static of(frames: readonly Frame[], stored: ReadonlySet<Frame>): FrameTable {
    const positions = new Map(frames.map((frame, position) => [frame, position]));
    if (positions.size !== frames.length) throw new Error("Cannot schedule a job: a frame is listed twice");
    const noTries: readonly Try[] = [];
    const records = frames.map(
      (frame): FrameRecord => ({ frame, status: stored.has(frame) ? "stored" : "queued", tries: noTries }),
    );
    const chunks: Chunk[] = [];
    for (let start = 0; start < records.length; start += chunkLength) {
      const part = records.slice(start, start + chunkLength);
      chunks.push({ records: part, queued: part.filter((record) => record.status === "queued").length });
    }
    const queued = chunks.reduce((sum, chunk) => sum + chunk.queued, 0);
    return new FrameTable(chunks, positions, { queued, active: 0, stored: frames.length - queued, failed: 0 });
  }

  get size(): number {
    return this.#positions.size;
  }

  /** The frame's record, or undefined when the frame is none of the job's. */
  get(frame: Frame): FrameRecord | undefined {
    const position = this.#positions.get(frame);
    if (position === undefined) return undefined;
    return this.#chunks[Math.floor(position / chunkLength)]?.records[position % chunkLength];
  }

  /** A table in which this record stands in place of its frame's former one. */
  with(record: FrameRecord): FrameTable {
    const position = this.#positions.get(record.frame);
    const index = Math.floor((position ?? -1) / chunkLength);
    const chunk = this.#chunks[index];
    const former = chunk?.records[(position ?? 0) % chunkLength];
    if (position === undefined || !chunk || !former) throw new Error(`Frame ${record.frame} is none of the job's`);
    const records = chunk.records.slice();
    records[position % chunkLength] = record;
    const queued = chunk.queued + Number(record.status === "queued") - Number(former.status === "queued");
    const chunks = this.#chunks.slice();
    chunks[index] = { records, queued };
    if (record.status === former.status) return new FrameTable(chunks, this.#positions, this.counts);
    const counts = { ...this.counts };
    counts[former.status]--;
    counts[record.status]++;
    return new FrameTable(chunks, this.#positions, counts);
  }

  /** The first queued frame in handing-out order that passes, or undefined. */
  firstQueued(passes: (record: FrameRecord) => boolean): FrameRecord | undefined {
    for (const chunk of this.#chunks) {
      if (chunk.queued === 0) continue;
      const found = chunk.records.find((record) => record.status === "queued" && passes(record));
      if (found) return found;
    }
    return undefined;
  }

  /** All records in handing-out order. */
  *records(): IterableIterator<FrameRecord> {
    for (const chunk of this.#chunks) yield* chunk.records;
  }

  /** The frames of these statuses, in ascending order. */
  framesWith(...statuses: readonly FrameStatus[]): Frame[] {
    const frames: Frame[] = [];
    for (const record of this.records()) if (statuses.includes(record.status)) frames.push(record.frame);
    return frames.sort((one, other) => one - other);
  }
}
