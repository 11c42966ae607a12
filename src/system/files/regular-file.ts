import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats, statSync } from "node:fs";
import { type FileHandle, stat } from "node:fs/promises";
import { FarmError, messageOf } from "../../core/errors.ts";
import { openFile } from "./held-files.ts";

/**
 * Without this flag, opening a named pipe waits for its other end, in a thread that no signal interrupts. Windows has
 * neither the flag nor such files.
 */
export const doNotBlock = constants.O_NONBLOCK ?? 0;

/** A named path is not a regular file, but a folder, a named pipe or a device. */
export class NotRegularFileError extends FarmError {
  /** For example "it is a named pipe". */
  readonly why: string;

  constructor(path: string, why: string) {
    super("FARM_BAD_INPUT", `Cannot read ${path}: ${why}`, "Give a regular file");
    this.why = why;
  }
}

/**
 * Opens a file that the user named, for reading. Links are followed. Anything but a regular file is refused before it
 * is opened, because opening a device may already have an effect; this is checked again afterwards.
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

/** Reads a text file that the user named. @throws {NotRegularFileError} */
export async function readRegularFile(path: string): Promise<string> {
  const file = await openRegularFile(path);
  try {
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

/**
 * The same, synchronously.
 *
 * @param inspect Called with the facts about the open file; may throw
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

/** Why a file could not be read, for messages that already name the file. */
export function whyUnreadable(error: unknown): string {
  return error instanceof NotRegularFileError ? error.why : messageOf(error);
}

/** For example "it is a named pipe"; `undefined` for a regular file. */
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
