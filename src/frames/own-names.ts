import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, systemCodeOf } from "../core/errors.ts";
import type { Frame } from "../core/node.ts";
import { removeEmptyFolder, removeFile } from "../system/files/held-files.ts";
import { requireOwnFolder } from "../system/files/own-file.ts";
import { frameOfFileName, pictureOfFileName } from "./frame-name.ts";

/** Whether we give this name: files with other names are never removed from a job folder. */
export type IsOwnName = (name: string) => boolean;

/** The frame of a frame's file, of one of its pictures or of a part of these; `null` for any other file. */
export function frameOfOwnName(name: string): Frame | null {
  const whole = name.replace(/\.[0-9a-f]{8}\.part$/, "");
  return frameOfFileName(whole) ?? pictureOfFileName(whole)?.frame ?? null;
}

/** A copied blendfile, named by its digest, or an unfinished copy. */
export const isBlobName: IsOwnName = (name) => /^([0-9a-f]{64}|[0-9a-f]{8}\.part)$/.test(name);

/** The files in the job folder itself, outside its subfolders. */
export const isRecordName: IsOwnName = (name) =>
  /^((job|baked|sound)\.json|(attempts|events|frames|log)\.ndjson|lock\.([0-9a-f]{8}\.now|[0-9a-f]{16}|takeover)|\.renderfarm-[0-9a-f]{16}\.part)$/.test(
    name,
  );

/**
 * Makes a folder inside one of our folders.
 *
 * @throws {FarmError} `FARM_UNSAFE_PATH` if it exists as something else or a link
 */
export async function makeOwnFolder(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
    if (systemCodeOf(error) !== "EEXIST") throw error;
  });
  await requireOwnFolder(path);
}

/** A folder that could not be removed. */
export interface LeftBehind {
  readonly path: string;
  /** For example "it holds files that this program did not make". */
  readonly why: string;
}

/** Files that macOS and Windows put into a folder when somebody opens it; after `._` follows another file's name. */
const isSystemsName = (name: string, isOwn: IsOwnName) =>
  /^(\.DS_Store|Thumbs\.db|desktop\.ini)$/i.test(name) || (name.startsWith("._") && isOwn(name.slice(2)));

/**
 * Removes our files from one of our folders, and the folder if it is empty then. It never fails, because the job's
 * result is worth more than a file that cannot be removed.
 *
 * @returns Why the folder could not be removed, if so
 */
export async function removeOwn(folder: string, isOwn: IsOwnName): Promise<LeftBehind | undefined> {
  try {
    await removeOwnFiles(folder, isOwn);
    const rest = await readdir(folder);
    if (rest.every((name) => isSystemsName(name, isOwn))) await removeOwnFiles(folder, () => true);
    await removeEmptyFolder(folder);
    return undefined;
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === "ENOENT") return undefined;
    const isForeign = code === "ENOTEMPTY" || code === "EEXIST";
    return { path: folder, why: isForeign ? "it holds files that this program did not make" : messageOf(error) };
  }
}

/**
 * Removes our files from one of our folders, and nothing else.
 *
 * @throws {FarmError} `FARM_UNSAFE_PATH` if the folder is a link: its target is not ours. If files cannot be removed,
 * the system's error for the first of them, after all others are removed
 */
export async function removeOwnFiles(folder: string, isOwn: IsOwnName): Promise<void> {
  await requireOwnFolder(folder);
  const errors: unknown[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isFile() || !isOwn(entry.name)) continue;
    await removeFile(join(folder, entry.name)).catch((error: unknown) => errors.push(error));
  }
  if (errors.length > 0) throw errors[0];
}
