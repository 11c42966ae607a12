import { link, lstat, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { systemCodeOf } from "../../core/errors.ts";
import { syncFile, syncFolder } from "../../system/files/durable.ts";
import { hashFile } from "../../system/files/hash-file.ts";
import { copyToNew, discard, removeFile, renameFile } from "../../system/files/held-files.ts";
import { frameUnreadable, videoIncomplete } from "../encode-errors.ts";
import { outputExists, outputFailed } from "../output-errors.ts";
import { giveUsualMode, renameToNewOutput, shortName } from "../output-target.ts";

/**
 * Puts a stored picture under its name: as a hard link if the file system can, otherwise as a copy. It is there completely
 * or not at all.
 *
 * @throws {FarmError} `FARM_OUTPUT_EXISTS` if another file has this name, and may not be replaced; the system's error
 */
export async function placePicture(
  source: string,
  path: string,
  { overwrite, jobId }: { readonly overwrite: boolean; readonly jobId: string },
): Promise<void> {
  // Not if it is the same file: a rename between two names of one file does nothing and leaves both.
  if (await isSamePicture(source, path)) return;
  const part = join(dirname(path), `${shortName(basename(path))}.${jobId.slice(0, 8)}.part`);
  await removeFile(part);
  try {
    await makeCopy(source, part);
    if (overwrite) await renameFile(part, path);
    else await renameToNewOutput(part, path);
  } finally {
    await discard(part);
  }
}

/** Removes a picture again, if it is the stored one. @throws {FarmError} `FARM_OUTPUT_UNWRITABLE` */
export async function removePicture(source: string, path: string): Promise<void> {
  try {
    if (await isSamePicture(source, path)) await removeFile(path);
  } catch (error) {
    throw await outputFailed(path, error);
  }
}

/**
 * Checks that a picture is there, with the same size as in the store.
 *
 * @returns Its size in bytes
 * @throws {FarmError} `FARM_VIDEO_INCOMPLETE` if not; `FARM_STORE_FAILED` if it is missing from the store
 */
export async function requirePlaced(source: string, path: string, again?: string): Promise<number> {
  const wanted = await stat(source).catch((error: unknown) => {
    throw frameUnreadable(source, error);
  });
  const there = await lstat(path).catch(() => null);
  if (there === null) throw videoIncomplete(`${path} is missing`, again);
  if (there.size !== wanted.size) {
    throw videoIncomplete(`${path} has ${there.size} bytes, not ${wanted.size}`, again);
  }
  return there.size;
}

/** Has the names of a folder's pictures survive a crash. @throws {FarmError} `FARM_OUTPUT_UNWRITABLE` */
export async function syncPictures(folder: string): Promise<void> {
  await syncFolder(folder).catch(async (error: unknown) => {
    throw await outputFailed(join(folder, "."), error);
  });
}

/**
 * Checks before anything is rendered that no file is in the way.
 *
 * @param find Finds those that must not be replaced
 * @throws {FarmError} `FARM_OUTPUT_EXISTS` naming them, `FARM_OUTPUT_UNWRITABLE`
 */
export async function requireFree(folder: string, find: () => Promise<readonly string[]>): Promise<void> {
  try {
    const [first, ...others] = await find();
    if (first !== undefined) throw outputExists(others.length === 0 ? first : `${first} and ${others.length} more`);
  } catch (error) {
    throw await outputFailed(join(folder, "."), error);
  }
}

/** The name of the picture that a part belongs to, of any job; `undefined` for any other file. */
export function wholeNameOf(name: string): string | undefined {
  return /^(.*)\.[0-9a-f]{8}\.part$/s.exec(name.normalize())?.[1];
}

export async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return false;
    throw error;
  }
}

async function makeCopy(source: string, part: string): Promise<void> {
  await giveUsualMode(source);
  try {
    await link(source, part);
  } catch {
    // Another disk, or a file system without hard links.
    await copyToNew(source, part);
    await syncFile(part);
  }
}

/** Whether a file exists and holds exactly this picture. A symbolic link does not count: its target may change. */
export async function isSamePicture(source: string, path: string): Promise<boolean> {
  try {
    // File numbers on Windows need more precision than a double has.
    const [one, other] = await Promise.all([stat(source, { bigint: true }), lstat(path, { bigint: true })]);
    if (!other.isFile()) return false;
    if (one.ino !== 0n && one.ino === other.ino && one.dev === other.dev) return true;
    return one.size === other.size && (await hashFile(source)) === (await hashFile(path));
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return false;
    throw error;
  }
}
