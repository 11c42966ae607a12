import type { Frame, NodeId } from "../core/node.ts";

/** How a stored frame was made: a line of `frames.ndjson`. */
export interface FrameRecord {
  readonly frame: Frame;
  readonly node: { readonly id: NodeId; readonly name: string };
  /** The version of the Blender that rendered it. */
  readonly blender: string;
  /** The device that rendered it, as the node reports it: "CPU", "OPTIX: …". */
  readonly device: string;
  /**
   * How many attempts had started when its result was fetched, including the successful one, in all runs of the job as
   * far as this file shows. An attempt that was only assigned, and moved elsewhere, does not count.
   */
  readonly attempts: number;
  /** Render time, in seconds. */
  readonly seconds: number;
  /** The part of it in which the scene was played up to the frame; absent if it was not. */
  readonly playSeconds?: number;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Its colour in hexadecimal, if it is one flat colour. */
  readonly flat?: string;
  /** Digest of the files that only this frame needs; absent without any. */
  readonly files?: string;
  /** The pictures beside the PNG; absent if the job wanted none. */
  readonly pictures?: readonly PictureRecord[];
  /** Whether those of File Output nodes were wanted; absent if they were not, or the scene has no such nodes. */
  readonly passes?: boolean;
  /**
   * FFmpeg's message, if it refused this frame: the file was then moved out of the store. Absent for a stored frame.
   */
  readonly refused?: string;
  /** Why a frame was moved out of the store as wrong, if it was. Absent for a stored frame. */
  readonly doubted?: string;
}

/** A picture beside a frame's PNG: one of its views, or what a File Output node has written. */
export interface PictureRecord {
  readonly kind: "view" | "node";
  /** The place of its view in the form's `suffixes`. */
  readonly view: number;
  /** The path under which a File Output node's user expects it, with slashes; empty for a view. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** @returns `null` if the line is not a record */
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
  const pictures = parsePictures(value.pictures);
  if (pictures === null) return null;
  return {
    ...{ frame, node: { id, name }, blender, device, attempts, seconds, sha256, sizeBytes },
    ...(typeof value.playSeconds === "number" && { playSeconds: value.playSeconds }),
    ...(typeof value.flat === "string" && { flat: value.flat }),
    ...(typeof value.files === "string" && { files: value.files }),
    ...(value.passes === true && { passes: true }),
    ...(pictures !== undefined && { pictures }),
    ...(typeof value.refused === "string" && { refused: value.refused }),
    ...(typeof value.doubted === "string" && { doubted: value.doubted }),
  };
}

/** @returns `null` if one of them is none: then the frame is rendered again; `undefined` without a list */
function parsePictures(value: unknown): readonly PictureRecord[] | null | undefined {
  if (!Array.isArray(value)) return undefined;
  const pictures = value.flatMap(parsePicture);
  return pictures.length === value.length ? pictures : null;
}

/** @returns Nothing if it is none */
function parsePicture(value: unknown): readonly PictureRecord[] {
  if (!isObject(value)) return [];
  const { kind, view, name, sizeBytes, sha256 } = value;
  if ((kind !== "view" && kind !== "node") || !isInteger(view) || typeof name !== "string") return [];
  if (!isInteger(sizeBytes) || typeof sha256 !== "string") return [];
  return [{ kind, view, name, sizeBytes, sha256 }];
}

/** The valid records: the last one of each frame, unless it says that the frame was moved away. */
export function standingRecords(records: Iterable<FrameRecord>): Map<Frame, FrameRecord> {
  const standing = new Map<Frame, FrameRecord>();
  for (const record of records) {
    if (record.refused === undefined && record.doubted === undefined) standing.set(record.frame, record);
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
