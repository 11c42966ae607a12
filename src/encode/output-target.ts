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

/** Where a video goes, and where it is written until it is whole. */
export interface OutputTarget {
  /** Absolute. */
  readonly path: string;
  /** In the same folder, so that the rename is atomic; hidden, and named after the job, so that it is never taken for the video. */
  readonly partPath: string;
}

/** With all that is put around it such a name stays below the 143 bytes that some encrypted file systems take. */
const longestPartNameBytes = 100;

/**
 * Checks that a video can be written there, and makes its folder. Writes nothing else. A link counts as a file, wherever
 * it leads: it may be replaced as one, and what it leads to is never touched.
 *
 * @throws {FarmError} `FARM_OUTPUT_EXISTS` unless `overwrite`, `FARM_OUTPUT_UNWRITABLE` when the folder refuses files
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

/** A night of rendering should not end at a player that has the old video open. A name for itself changes nothing. */
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
 * @param path What is to be written into it, for the message
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
 * Removes what killed coordinators left of videos for this output, of whichever job.
 *
 * @throws {FarmError} `FARM_OUTPUT_UNWRITABLE`
 */
export async function removeParts({ path }: OutputTarget): Promise<void> {
  const prefix = partPrefixOf(path).normalize();
  try {
    for (const name of await readdir(dirname(path))) {
      const written = name.normalize(); // some disks give names back with each accent on its own
      const isPart = written.startsWith(prefix) && /^[0-9a-f]{8}(\.palette)?\.part$/.test(written.slice(prefix.length));
      if (isPart) await removeFile(join(dirname(path), name));
    }
  } catch (error) {
    throw await outputFailed(path, error);
  }
}

function partPrefixOf(path: string): string {
  return `.${shortName(basename(path))}.`;
}

/** An output's name as it stands in the names of its parts, which must not be longer than the file system allows. */
export function shortName(name: string): string {
  return boundedName(name, longestPartNameBytes);
}

/**
 * Gives the finished file its name, after it is safely on the disk.
 *
 * @throws {FarmError} `FARM_OUTPUT_EXISTS` when something has come there meanwhile, and it may not be overwritten;
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

/** Files of the job folder are private; what is given to the user has the mode that any new file has. */
export async function giveUsualMode(path: string): Promise<void> {
  const file = await openOwnFile(path);
  try {
    await file.chmod(0o666 & ~process.umask());
  } finally {
    await file.close();
  }
}

/**
 * Gives a file its name, which no other file may have.
 *
 * @throws {FarmError} `FARM_OUTPUT_EXISTS`; the system's error
 */
export async function renameToNewOutput(from: string, to: string): Promise<void> {
  await renameToNew(from, to).catch((error: unknown) => {
    throw systemCodeOf(error) === "EEXIST" ? outputExists(to) : error;
  });
}
