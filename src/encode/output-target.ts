import { constants } from "node:fs";
import { access, lstat, readdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { boundedName } from "../core/bounded-name.ts";
import { systemCodeOf } from "../core/errors.ts";
import { syncFile, syncFolder } from "../system/files/durable.ts";
import { makeFolders } from "../system/files/folders.ts";
import { removeFile, renameFile, renameToNew } from "../system/files/held-files.ts";
import { openOwnFile } from "../system/files/own-file.ts";
import { outputExists, outputFailed, unwritable } from "./output-errors.ts";

/** The path of a video, and of the temporary file that is written first. */
export interface OutputTarget {
  /** Absolute. */
  readonly path: string;
  /**
   * In the same folder, so that the rename is atomic. It is hidden and named after the job, so it does not look like
   * the video.
   */
  readonly partPath: string;
}

/** With prefix and suffix such a name stays below 143 bytes, the limit of some encrypted file systems. */
const longestPartNameBytes = 100;

/**
 * Checks that a video can be written, and makes its folder. Writes nothing else. A symbolic link counts as a file: the
 * link itself may be replaced, and its target is never touched.
 *
 * @throws {FarmError} `FARM_OUTPUT_EXISTS` unless `overwrite`, `FARM_OUTPUT_UNWRITABLE` if the folder is not writable
 */
export async function prepareTarget(
  output: string,
  jobId: string,
  overwrite: boolean,
  flag = "--output",
): Promise<OutputTarget> {
  const path = resolve(output);
  const folder = dirname(path);
  await prepareFolder(folder, path, flag);
  const existing = await lstat(path).catch(async (error: unknown) => {
    if (systemCodeOf(error) === "ENAMETOOLONG") throw await outputFailed(path, error, { flag });
    return null;
  });
  if (existing?.isDirectory()) throw unwritable(path, "it is a folder", flag);
  if (existing !== null && !overwrite) throw outputExists(path, flag);
  if (existing !== null) await requireReplaceable(path, flag);
  return { path, partPath: join(folder, `${partPrefixOf(path)}${jobId.slice(0, 8)}.part`) };
}

/**
 * Fails before the render, not after it, if another program has the old video open. It renames the file to its own
 * name, which changes nothing.
 */
async function requireReplaceable(path: string, flag: string): Promise<void> {
  try {
    await renameFile(path, path);
  } catch (error) {
    throw await outputFailed(path, error, { flag });
  }
}

/**
 * Makes a folder for outputs.
 *
 * @param path The file to be written into it, for the message
 * @throws {FarmError} `FARM_OUTPUT_UNWRITABLE`
 */
export async function prepareFolder(folder: string, path = folder, flag = "--output"): Promise<void> {
  try {
    await makeFolders(folder);
    await access(folder, constants.W_OK);
  } catch (error) {
    throw await outputFailed(path, error, { flag });
  }
}

/**
 * Removes temporary files for this output that killed coordinators of any job have left.
 *
 * @throws {FarmError} `FARM_OUTPUT_UNWRITABLE`
 */
export async function removeParts({ path }: OutputTarget): Promise<void> {
  const prefix = partPrefixOf(path).normalize();
  try {
    for (const name of await readdir(dirname(path))) {
      const written = name.normalize(); // some file systems return names in decomposed form
      const isPart =
        written.startsWith(prefix) && /^[0-9a-f]{8}(\.palette|\.sound)?\.part$/.test(written.slice(prefix.length));
      if (isPart) await removeFile(join(dirname(path), name));
    }
  } catch (error) {
    throw await outputFailed(path, error);
  }
}

function partPrefixOf(path: string): string {
  return `.${shortName(basename(path))}.`;
}

/** An output's name, shortened for the name of its temporary file, which must not be too long for the file system. */
export function shortName(name: string): string {
  return boundedName(name, longestPartNameBytes);
}

/**
 * Gives the finished file its name, once it is safely on the disk.
 *
 * @throws {FarmError} `FARM_OUTPUT_EXISTS` if a file has appeared there that must not be replaced;
 *   `FARM_OUTPUT_UNWRITABLE`
 */
export async function moveIntoPlace({ path, partPath }: OutputTarget, overwrite: boolean): Promise<void> {
  try {
    await syncFile(partPath);
    if (overwrite) await renameFile(partPath, path);
    else await renameToNewOutput(partPath, path);
    await syncFolder(dirname(path));
  } catch (error) {
    throw await outputFailed(path, error);
  }
}

/** Gives an output the mode of any new file: files of the job folder are private. */
export async function giveUsualMode(path: string): Promise<void> {
  const file = await openOwnFile(path);
  try {
    await file.chmod(0o666 & ~process.umask());
  } finally {
    await file.close();
  }
}

/**
 * Gives a file its name, if no other file has it.
 *
 * @throws {FarmError} `FARM_OUTPUT_EXISTS`; the system's error
 */
export async function renameToNewOutput(from: string, to: string): Promise<void> {
  await renameToNew(from, to).catch((error: unknown) => {
    throw systemCodeOf(error) === "EEXIST" ? outputExists(to) : error;
  });
}
