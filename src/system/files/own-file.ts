import { closeSync, constants, fstatSync, lstatSync, openSync, type Stats } from "node:fs";
import { type FileHandle, lstat } from "node:fs/promises";
import { dirname } from "node:path";
import { type FarmError, systemCodeOf } from "../../core/errors.ts";
import { openFile } from "./held-files.ts";
import { isOpenToAll, ownUid } from "./owners.ts";
import { doNotBlock, oddityOf } from "./regular-file.ts";
import { unsafePath } from "./unsafe-path.ts";

/** Windows has no such flag; there it is looked at before, as everywhere. */
const doNotFollow = constants.O_NOFOLLOW ?? 0;
const ownerOnly = 0o600;

/** What a file is opened for. To `change` it, it may have no second name: whoever made that one may want it as it is. */
export type OwnFileUse = "read" | "change";

/**
 * Opens a file of a folder that is ours alone: a job folder. What is there may have come with a stranger's project, so it
 * must be a regular file and no link, before it is opened and afterwards; and where everybody may write to the folder, it
 * must belong to this user or to the folder's.
 *
 * @throws {FarmError} `FARM_UNSAFE_PATH`; the system's error when it is not there or cannot be opened
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

/** Makes such a file, which must not be there yet. @throws The system's error, `EEXIST` also where a link is */
export async function createOwnFile(path: string): Promise<FileHandle> {
  return await openFile(path, "wx+", ownerOnly);
}

/**
 * Opens such a file to append to it, and makes it when it is not there.
 *
 * @returns Its descriptor
 * @throws {FarmError} `FARM_UNSAFE_PATH`; the system's error
 */
export function appendToOwnFile(path: string): number {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there !== undefined) requireOwnFile(path, there, "change");
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

/** Requires that a folder inside a folder of ours is one, and no link to one. @throws {FarmError} `FARM_UNSAFE_PATH` */
export async function requireOwnFolder(path: string): Promise<void> {
  const stats = await lstat(path);
  if (stats.isDirectory()) return;
  const why = oddityOf(stats);
  throw why === undefined ? systemError("ENOTDIR", `${path} is a file`) : oddFile(path, why);
}

/** The error for what should not be in a job folder. @param why "it is a link" */
export function oddFile(path: string, why: string): FarmError {
  return unsafePath(
    path,
    why,
    "Remove it if it is not yours, or move it away; --job-dir DIR keeps the job folder somewhere else, on another disk",
  );
}

/** Requires that writing into a file changes no other one. @throws {FarmError} `FARM_UNSAFE_PATH` */
export function requireOneName(path: string, { nlink }: Stats): void {
  if (nlink <= 1) return;
  const hint = "If it is yours, make it a file of its own: copy it, and put the copy in its place";
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
    throw oddFile(path, `it belongs to another user (uid ${stats.uid}), in a folder to which everybody may write`);
  }
}

/** As opening it would have ended: nobody's attack, and each caller has words for it. */
function systemError(code: string, why: string): Error {
  return Object.assign(new Error(`${code}: ${why}`), { code });
}

function flagsFor(use: OwnFileUse): number {
  return (use === "read" ? constants.O_RDONLY : constants.O_RDWR) | doNotFollow | doNotBlock;
}

/** In the moment between two looks somebody may have put a link there. */
function translated(path: string, error: unknown): unknown {
  return systemCodeOf(error) === "ELOOP" ? oddFile(path, "it is a link") : error;
}
