import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { formatBytes } from "../../core/units.ts";

/** Used if it is not known how much was to be written: records and short videos take less. */
export const leastBytes = 1_000_000;

/** A hint for when no more files can be opened and no programs started. */
export const moreDescriptors = "Close other programs, or allow this one more open files (ulimit -n 4096)";

/** Whether the error code means a full disk or an exceeded quota. */
export function isFull(systemCode: string | undefined): boolean {
  return systemCode === "ENOSPC" || systemCode === "EDQUOT";
}

/** Whether the error code means that this program, or the whole system, has too many open files. */
export function isOutOfDescriptors(systemCode: string | undefined): boolean {
  return systemCode === "EMFILE" || systemCode === "ENFILE";
}

/**
 * Text for a hint about a full disk, for example "about 12 MB needed, 4.1 MB free".
 *
 * @param folder It need not exist yet
 * @param neededBytes An estimate is enough; without it, the text says the least that is worth freeing
 */
export async function roomFor(folder: string, neededBytes?: number): Promise<string> {
  const there = await freeBytes(folder);
  const least = neededBytes ?? leastBytes;
  const needed = `${neededBytes === undefined ? "at least" : "about"} ${formatBytes(least)}`;
  return roomInWords(needed, there, there !== null && there >= least);
}

/**
 * @param isEnough Whether the free space should be enough: then something else is used up, under the same error code
 */
export function roomInWords(needed: string, thereBytes: number | null, isEnough: boolean): string {
  const there = thereBytes === null ? "" : `, ${formatBytes(thereBytes)} free`;
  return `${needed} needed${there}${isEnough ? "; perhaps a quota, or the number of files, is the limit" : ""}`;
}

/** Free space in bytes; `null` if unknown. For a folder that does not exist yet, that of the folder it will be in. */
export async function freeBytes(folder: string): Promise<number | null> {
  const facts = await statfs(folder).catch(() => undefined);
  if (facts === undefined) return dirname(folder) === folder ? null : await freeBytes(dirname(folder));
  // Some network and overlay file systems report 0 for everything.
  return facts.blocks === 0 ? null : facts.bavail * facts.bsize;
}
