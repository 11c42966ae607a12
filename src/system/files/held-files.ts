import { constants } from "node:fs";
import { copyFile, type FileHandle, link, lstat, open, rename, rm, rmdir } from "node:fs/promises";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systemCodeOf } from "../../core/errors.ts";

/**
 * File operations that wait while another program has a file open. On Windows an open file cannot be renamed or removed
 * unless the program that opened it allows that. Virus scanners, indexers and programs that sync a folder open each new
 * file for a moment; viewers and players keep it open as long as they show it.
 */

/** About 3 s in total. */
const pausesMs = [10, 20, 50, 100, 200, 400, 800, 1600];

/**
 * Whether the error code may mean that another program has the file open. On Windows, EPERM and EACCES mean either that
 * or a missing permission; elsewhere they only mean a missing permission.
 */
export function isHeld(systemCode: string | undefined, platform: NodeJS.Platform = process.platform): boolean {
  return systemCode === "EBUSY" || (platform === "win32" && (systemCode === "EPERM" || systemCode === "EACCES"));
}

/**
 * Runs an operation on a file, and repeats it while another program has the file open.
 *
 * @throws After 3 s the last error; any other error at once
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

/** Renames a file, and replaces an existing one. */
export function renameFile(from: string, to: string): Promise<void> {
  return whileHeld(() => rename(from, to));
}

/** Renames a file if it exists. */
export async function moveIfThere(from: string, to: string): Promise<void> {
  await renameFile(from, to).catch((error: unknown) => {
    if (systemCodeOf(error) !== "ENOENT") throw error;
  });
}

/**
 * Renames a file to a name that does not exist yet. `rename` would replace an existing file; `link` checks and acts
 * atomically. The old name may remain if another program has the file open.
 *
 * @throws The system's error; `EEXIST` if the name exists
 */
export async function renameToNew(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (systemCodeOf(error) === "EEXIST") throw error;
    // On file systems without hard links, such as exFAT and many network shares: check, then rename.
    if ((await lstat(to).catch(() => null)) !== null)
      throw Object.assign(new Error(`EEXIST: there is a file already: ${to}`), { code: "EEXIST" });
    await renameFile(from, to);
    return;
  }
  await discard(from);
}

/** Copies a file to a new one, which shares its blocks if the file system supports that. */
export function copyToNew(from: string, to: string): Promise<void> {
  return whileHeld(() => copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL));
}

/** Makes such a copy only if it shares the blocks. @throws The system's error; also if the file system does not support it */
export function cloneToNew(from: string, to: string): Promise<void> {
  return whileHeld(() => copyFile(from, to, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL));
}

/** Opens a file, like `open` of node:fs. */
export function openFile(path: string, flags: string | number, mode?: number): Promise<FileHandle> {
  return whileHeld(() => open(path, flags, mode));
}

/** Removes a file; a missing one is fine. */
export function removeFile(path: string): Promise<void> {
  return whileHeld(() => rm(path, { force: true }));
}

/** Removes an empty folder. */
export function removeEmptyFolder(path: string): Promise<void> {
  return whileHeld(() => rmdir(path));
}

/**
 * Tries to remove a file that is no longer needed, and ignores failures. Use it during cleanup, where an error would
 * hide the result or an earlier error, and where the next run removes the file as well.
 */
export async function discard(path: string): Promise<void> {
  await whileHeld(() => rm(path, { recursive: true, force: true })).catch(() => {});
}

/** A hint for a file that stays open in another program, with the kind of program that is likely. */
export function closeHolder(path: string): string {
  return `Close what has ${basename(path)} open (${likelyHolder(path)})`;
}

function likelyHolder(path: string): string {
  if (/\.(mp4|mkv|webm|mov|gif)$/i.test(path)) return "a player, or a program that syncs the folder";
  if (/\.(png|jpe?g)$/i.test(path)) return "a viewer, a virus scanner, or a program that syncs the folder";
  return "a virus scanner, an editor, or a program that syncs the folder";
}
