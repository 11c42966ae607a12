import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { formatBytes } from "../core/units.ts";
import { freeBytes, leastBytes, roomInWords } from "../system/files/shortage.ts";

/** A video that is being written. */
export interface Unfinished {
  readonly path: string;
  /** What was told of it last: so much of its time has taken so many bytes. */
  readonly seconds: number;
  readonly sizeBytes: number;
  /** How long it will be, where that is known. */
  readonly expectedSeconds: number | undefined;
}

/**
 * What a full disk would have to have, as `roomFor` says it, for a file that goes when it cannot be finished: what it has
 * taken is there again then.
 */
export async function roomForRest(unfinished: Unfinished): Promise<string> {
  const { path, seconds, sizeBytes, expectedSeconds } = unfinished;
  const writtenBytes = (await stat(path).catch(() => null))?.size ?? 0;
  const free = await freeBytes(dirname(path));
  if (free !== null && free >= leastBytes) return roomInWords(`more than ${formatBytes(writtenBytes)}`, free, true);
  const there = free === null ? null : free + writtenBytes;
  const known = Math.max(leastBytes, there ?? writtenBytes);
  const estimate = expectedSeconds === undefined || seconds === 0 ? 0 : (sizeBytes / seconds) * expectedSeconds;
  // It did not fit: an estimate below what is there is a wrong one.
  return roomInWords(
    estimate > known ? `about ${formatBytes(estimate)}` : `more than ${formatBytes(known)}`,
    there,
    false,
  );
}
