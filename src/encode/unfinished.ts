import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { formatBytes } from "../core/units.ts";
import { freeBytes, leastBytes, roomInWords } from "../system/files/shortage.ts";

/** A video that is being written. */
export interface Unfinished {
  readonly path: string;
  /** FFmpeg's last report: this much of the video's time took `sizeBytes`. */
  readonly seconds: number;
  readonly sizeBytes: number;
  /** How long the video will be, if known. */
  readonly expectedSeconds: number | undefined;
}

/**
 * How much space a full disk needs, as text like that of `roomFor`. The unfinished file is removed, so its space counts
 * as free.
 */
export async function roomForRest(unfinished: Unfinished): Promise<string> {
  const { path, seconds, sizeBytes, expectedSeconds } = unfinished;
  const writtenBytes = (await stat(path).catch(() => null))?.size ?? 0;
  const free = await freeBytes(dirname(path));
  if (free !== null && free >= leastBytes) return roomInWords(`more than ${formatBytes(writtenBytes)}`, free, true);
  const there = free === null ? null : free + writtenBytes;
  const known = Math.max(leastBytes, there ?? writtenBytes);
  const estimate = expectedSeconds === undefined || seconds === 0 ? 0 : (sizeBytes / seconds) * expectedSeconds;
  // It did not fit, so an estimate below the free space is wrong.
  return roomInWords(
    estimate > known ? `about ${formatBytes(estimate)}` : `more than ${formatBytes(known)}`,
    there,
    false,
  );
}
