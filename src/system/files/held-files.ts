import { constants } from "node:fs";
import { copyFile, type FileHandle, link, lstat, open, rename, rm, rmdir } from "node:fs/promises";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systemCodeOf } from "../../core/errors.ts";

/**
 * File operations that wait for a file which another program holds. On Windows a file that is open cannot be renamed or
 * removed, unless its holder allows it: virus scanners, indexers and programs that sync a folder hold each new file for a
 * moment, viewers and players for as long as they show it.
 */

/** About 3 s in all. */
const pausesMs = [10, 20, 50, 100, 200, 400, 800, 1600];

/**
 * Whether it is the system's word for a file that another program has open. Windows says EPERM and EACCES both of those and
 * of files for which the user has no right; elsewhere these two are about rights only.
 */
export function isHeld(systemCode: string | undefined, platform: NodeJS.Platform = process.platform): boolean {
  return systemCode === "EBUSY" || (platform === "win32" && (systemCode === "EPERM" || systemCode === "EACCES"));
}

/**
 * Does something to a file, and tries again while another program holds it.
 *
 * @throws What it threw last, after 3 s; anything else at once
 */
export async function whileHeld<Value>(
  operation: () => Promise<Value>,
  platform: NodeJS.Platform = process.platform,
): Promise<Value> {
  for (const pauseMs of pausesMs) {
    try {
      return await operation();
    } catch (error) {
      if (!isHeld(systemCodeOf(error), platform)) throw error;
      await sleep(pauseMs);
    }
  }
  return await operation();
}

/** Gives a file its name, replacing what is there. */
export function renameFile(from: string, to: string): Promise<void> {
  return whileHeld(() => rename(from, to));
}

/**
 * Gives a file a name that nothing has yet. `rename` would replace what is there; `link` refuses in the same moment as it
 * checks. The old name may stay where another program has the file open.
 *
 * @throws The system's error; `EEXIST` when there is something
 */
export async function renameToNew(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (systemCodeOf(error) === "EEXIST") throw error;
    // File systems without hard links, such as exFAT and many network shares: check, then rename.
    if ((await lstat(to).catch(() => null)) !== null)
      throw Object.assign(new Error(`EEXIST: there is a file already: ${to}`), { code: "EEXIST" });
    await renameFile(from, to);
    return;
  }
  await discard(from);
}

/** Copies a file to a new one, which shares its blocks where the file system can. */
export function copyToNew(from: string, to: string): Promise<void> {
  return whileHeld(() => copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL));
}

/** Opens a file, as `open` of node:fs does. */
export function openFile(path: string, flags: string | number, mode?: number): Promise<FileHandle> {
  return whileHeld(() => open(path, flags, mode));
}

/** Removes a file; none of that name is fine. */
export function removeFile(path: string): Promise<void> {
  return whileHeld(() => rm(path, { force: true }));
}

/** Removes an empty folder. */
export function removeEmptyFolder(path: string): Promise<void> {
  return whileHeld(() => rmdir(path));
}

/**
 * Removes what is of no use any more, as well as it can: what is held for longer stays. For what is removed on the way out,
 * where an error would hide the result or the error that came before it, and where the next run clears up as well.
 */
export async function discard(path: string): Promise<void> {
  await whileHeld(() => rm(path, { recursive: true, force: true })).catch(() => {});
}

/** What to do about a file that stays held, and who may hold it, by the file's kind. */
export function closeHolder(path: string): string {
  return `Close what has ${basename(path)} open (${likelyHolder(path)})`;
}

function likelyHolder(path: string): string {
  if (/\.(mp4|mkv|webm|mov|gif)$/i.test(path)) return "a player, or a program that syncs the folder";
  if (/\.(png|jpe?g)$/i.test(path)) return "a viewer, a virus scanner, or a program that syncs the folder";
  return "a virus scanner, an editor, or a program that syncs the folder";
}
