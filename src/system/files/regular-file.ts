import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats, statSync } from "node:fs";
import { type FileHandle, stat } from "node:fs/promises";
import { FarmError, messageOf } from "../../core/errors.ts";
import { openFile } from "./held-files.ts";

/**
 * Opening a named pipe waits for its other end, in a thread that no signal reaches; with this flag it does not. Windows
 * has no such flag, and no such files in its folders.
 */
export const doNotBlock = constants.O_NONBLOCK ?? 0;

/** A file was named that is none: a folder, a named pipe, a device. */
export class NotRegularFileError extends FarmError {
  /** "it is a named pipe". */
  readonly why: string;

  constructor(path: string, why: string) {
    super("FARM_BAD_INPUT", `Cannot read ${path}: ${why}`, "Give a regular file");
    this.why = why;
  }
}

/**
 * Opens a file for reading that somebody named. Links are followed; what is no regular file is refused before it is
 * opened, as opening a device may already do something, and looked at again afterwards.
 *
 * @throws {NotRegularFileError}
 */
export async function openRegularFile(path: string): Promise<FileHandle> {
  requireRegular(path, await stat(path));
  const file = await openFile(path, constants.O_RDONLY | doNotBlock);
  try {
    requireRegular(path, await file.stat());
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Reads a text file that somebody named. @throws {NotRegularFileError} */
export async function readRegularFile(path: string): Promise<string> {
  const file = await openRegularFile(path);
  try {
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

/**
 * The same for those who cannot wait.
 *
 * @param inspect Shown what is known of the open file; may throw
 * @throws {NotRegularFileError}
 */
export function readRegularFileSync(path: string, inspect: (stats: Stats) => void = () => {}): string {
  requireRegular(path, statSync(path));
  const file = openSync(path, constants.O_RDONLY | doNotBlock);
  try {
    const stats = fstatSync(file);
    requireRegular(path, stats);
    inspect(stats);
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}

/** Why a file could not be read, for messages that name it themselves. */
export function whyUnreadable(error: unknown): string {
  return error instanceof NotRegularFileError ? error.why : messageOf(error);
}

/** "it is a named pipe"; `undefined` for a regular file. */
export function oddityOf(stats: Pick<Stats, "isFile" | "isDirectory" | "isFIFO" | "isSymbolicLink" | "isSocket">) {
  if (stats.isFile()) return undefined;
  if (stats.isDirectory()) return "it is a folder";
  if (stats.isSymbolicLink()) return "it is a link";
  if (stats.isFIFO()) return "it is a named pipe";
  return stats.isSocket() ? "it is a socket" : "it is a device";
}

function requireRegular(path: string, stats: Stats): void {
  const why = oddityOf(stats);
  if (why !== undefined) throw new NotRegularFileError(path, why);
}
