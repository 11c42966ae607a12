import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats } from "node:fs";
import { type FileHandle, lstat } from "node:fs/promises";
import { dirname } from "node:path";
import { type FarmError, systemCodeOf } from "../../core/errors.ts";
import { openFile } from "./held-files.ts";
import { isOpenToAll, ownUid } from "./owners.ts";
import { doNotBlock, oddityOf } from "./regular-file.ts";
import { unsafePath } from "./unsafe-path.ts";

/** Windows has no such flag; there only the check before opening protects. */
const doNotFollow = constants.O_NOFOLLOW ?? 0;
const ownerOnly = 0o600;

/** What a file is opened for. A file that is to be changed must not have a second name (a hard link). */
export type OwnFileUse = "read" | "change";

/**
 * Opens a file of a job folder. The folder may have come with somebody else's project, so the file must be a regular
 * file and not a link, before and after it is opened. If everybody can write to the folder, it must belong to this user
 * or to the folder's owner.
 *
 * @throws {FarmError} `FARM_UNSAFE_PATH`; the system's error if it is missing or cannot be opened
 */
export async function openOwnFile(path: string, use: OwnFileUse = "read"): Promise<FileHandle> {
  requireOwnFile(path, await lstat(path), use);
  const file = await openFile(path, flagsFor(use)).catch((error: unknown) => {
    throw translated(path, error);
  });
  try {
    requireOwnFile(path, await file.stat(), use);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Reads the start of such a file, synchronously: for a small file that takes a fraction of the time.
 *
 * @returns How many bytes were read
 * @throws {FarmError} `FARM_UNSAFE_PATH`; the system's error
 */
export function readOwnFileInto(path: string, buffer: Buffer): number {
  requireOwnFile(path, lstatSync(path), "read");
  const file = openSync(path, flagsFor("read"));
  try {
    requireOwnFile(path, fstatSync(file), "read");
    return readSync(file, buffer, 0, buffer.length, 0);
  } finally {
    closeSync(file);
  }
}

/** Makes such a file, which must not exist yet. @throws The system's error; `EEXIST` also for a link */
export async function createOwnFile(path: string): Promise<FileHandle> {
  return await openFile(path, "wx+", ownerOnly);
}

/**
 * Opens such a file for appending, and makes it if it is missing.
 *
 * @returns Its descriptor
 * @throws {FarmError} `FARM_UNSAFE_PATH`; the system's error
 */
export function appendToOwnFile(path: string): number {
  const existing = lstatSync(path, { throwIfNoEntry: false });
  if (existing !== undefined) requireOwnFile(path, existing, "change");
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | doNotFollow | doNotBlock;
  const file = openSync(path, flags, ownerOnly);
  try {
    requireOwnFile(path, fstatSync(file), "change");
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/** Reads such a file as text. @throws {FarmError} See `openOwnFile` */
export async function readOwnFile(path: string): Promise<string> {
  const file = await openOwnFile(path);
  try {
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

/** Requires that a path in one of our folders is a folder and not a link. @throws {FarmError} `FARM_UNSAFE_PATH` */
export async function requireOwnFolder(path: string): Promise<void> {
  const stats = await lstat(path);
  if (stats.isDirectory()) return;
  const why = oddityOf(stats);
  throw why === undefined ? systemError("ENOTDIR", `${path} is a file`) : oddFile(path, why);
}

/** The error for something that must not be in a job folder. @param why For example "it is a link" */
export function oddFile(path: string, why: string): FarmError {
  return unsafePath(
    path,
    why,
    "Remove it if it is not yours, or move it away; --job-dir DIR keeps the job folder somewhere else, on another disk",
  );
}

/**
 * Requires that a file has no other name, so that writing to it cannot change another file.
 *
 * @throws {FarmError} `FARM_UNSAFE_PATH`
 */
export function requireOneName(path: string, { nlink }: Stats): void {
  if (nlink <= 1) return;
  const hint = "If it is yours, copy it, and replace it by the copy";
  throw unsafePath(path, "it has another name elsewhere (a hard link)", hint);
}

function requireOwnFile(path: string, stats: Stats, use: OwnFileUse): void {
  if (stats.isDirectory()) throw systemError("EISDIR", `${path} is a folder`);
  const why = oddityOf(stats);
  if (why !== undefined) throw oddFile(path, why);
  if (use === "change") requireOneName(path, stats);
  if (ownUid === undefined || stats.uid === ownUid) return;
  const folder = lstatSync(dirname(path));
  if (isOpenToAll(folder) && stats.uid !== folder.uid) {
    throw oddFile(path, `it belongs to another user (uid ${stats.uid}), in a folder that everybody can write to`);
  }
}

/** The error that opening it would have caused. It is not an attack, and each caller has its own message for it. */
function systemError(code: string, why: string): Error {
  return Object.assign(new Error(`${code}: ${why}`), { code });
}

function flagsFor(use: OwnFileUse): number {
  return (use === "read" ? constants.O_RDONLY : constants.O_RDWR) | doNotFollow | doNotBlock;
}

/** Somebody may have put a link there between the check and the opening. */
function translated(path: string, error: unknown): unknown {
  return systemCodeOf(error) === "ELOOP" ? oddFile(path, "it is a link") : error;
}
