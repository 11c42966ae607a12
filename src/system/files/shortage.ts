import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { formatBytes } from "../../core/units.ts";

/** Said where nothing is known of what was to be written: records and short videos take less. */
export const leastBytes = 1_000_000;

/** What can be done when no file and no program can be opened any more. */
export const moreDescriptors = "Close other programs, or allow this one more open files (ulimit -n 4096)";

/** Whether it is the system's word for a disk that is full, or of which this user may have no more. */
export function isFull(systemCode: string | undefined): boolean {
  return systemCode === "ENOSPC" || systemCode === "EDQUOT";
}

/** Whether it says that this program, or the whole system, has too many files open. */
export function isOutOfDescriptors(systemCode: string | undefined): boolean {
  return systemCode === "EMFILE" || systemCode === "ENFILE";
}

/**
 * Says, for hints, what a full disk would have to have: "about 12 MB needed, 4.1 MB there".
 *
 * @param folder Need not be there yet
 * @param neededBytes An estimate will do; when left out, the least that is worth freeing is said
 */
export async function roomFor(folder: string, neededBytes?: number): Promise<string> {
  const there = await freeBytes(folder);
  const least = neededBytes ?? leastBytes;
  const needed = `${neededBytes === undefined ? "at least" : "about"} ${formatBytes(least)}`;
  return roomInWords(needed, there, there !== null && there >= least);
}

/** @param isEnough Then it is something else that there is too little of; the system has no other words for it */
export function roomInWords(needed: string, thereBytes: number | null, isEnough: boolean): string {
  const there = thereBytes === null ? "" : `, ${formatBytes(thereBytes)} there`;
  return `${needed} needed${there}${isEnough ? "; perhaps a quota, or the number of files, is the limit" : ""}`;
}

/** `null` where the system does not say. A folder that is not there yet has the room of the one it will be in. */
export async function freeBytes(folder: string): Promise<number | null> {
  const facts = await statfs(folder).catch(() => undefined);
  if (facts === undefined) return dirname(folder) === folder ? null : await freeBytes(dirname(folder));
  // Some network and overlay file systems answer 0 for everything.
  return facts.blocks === 0 ? null : facts.bavail * facts.bsize;
}
