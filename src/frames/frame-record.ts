import type { Frame, NodeId } from "../core/node.ts";

/** How a stored frame came about, one line of `frames.ndjson`. */
export interface FrameRecord {
  readonly frame: Frame;
  readonly node: { readonly id: NodeId; readonly name: string };
  /** Version of the Blender that rendered it. */
  readonly blender: string;
  /** What it was rendered on, as the node says: "CPU", "OPTIX: …". */
  readonly device: string;
  /**
   * How many attempts at it had begun when its result was fetched, the successful one included, over all runs of the job
   * as far as its log and this file tell. An attempt that was only assigned, and moved elsewhere, is none.
   */
  readonly attempts: number;
  /** Render time, in seconds. */
  readonly seconds: number;
  readonly sha256: string;
  readonly sizeBytes: number;
  /**
   * Why the output could not be made with this frame, in FFmpeg's words: then it has left the store, and lies beside it.
   * Absent of a frame that is stored.
   */
  readonly refused?: string;
}

/** @returns `null` when it is no record, whatever else it is */
export function parseFrameRecord(line: string): FrameRecord | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (!isObject(value) || !isObject(value.node)) return null;
  const { frame, blender, device, attempts, seconds, sha256, sizeBytes } = value;
  const { id, name } = value.node;
  if (!isInteger(frame) || !isInteger(attempts) || !isInteger(sizeBytes) || typeof seconds !== "number") return null;
  if (typeof id !== "string" || typeof name !== "string") return null;
  if (typeof blender !== "string" || typeof device !== "string") return null;
  if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256)) return null;
  const record = { frame, node: { id, name }, blender, device, attempts, seconds, sha256, sizeBytes };
  return typeof value.refused === "string" ? { ...record, refused: value.refused } : record;
}

/** The records that count: of each frame the last one, unless that says that it was refused. */
export function standingRecords(records: Iterable<FrameRecord>): Map<Frame, FrameRecord> {
  const standing = new Map<Frame, FrameRecord>();
  for (const record of records) {
    if (record.refused === undefined) standing.set(record.frame, record);
    else standing.delete(record.frame);
  }
  return standing;
}

/** Narrows a value from JSON. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
