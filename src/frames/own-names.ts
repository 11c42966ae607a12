import { mkdir, readdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { systemCodeOf } from "../core/errors.ts";
import type { Frame } from "../core/node.ts";
import { requireOwnFolder } from "../core/own-file.ts";
import { frameOfFileName } from "./frame-name.ts";

/** Whether it is a name that we give: nothing else is ever removed from a job folder. */
export type IsOwnName = (name: string) => boolean;

/** The frame of a stored frame's file, or of a part of one; `null` for any other file. */
export function frameOfOwnName(name: string): Frame | null {
  return frameOfFileName(name.replace(/\.[0-9a-f]{8}\.part$/, ""));
}

/** A blendfile that was copied, named by its digest, or a part of one. */
export const isBlobName: IsOwnName = (name) => /^([0-9a-f]{64}|[0-9a-f]{8}\.part)$/.test(name);

/** What stands in the job folder itself, beside its folders. */
export const isRecordName: IsOwnName = (name) =>
  /^(job\.json|frames\.ndjson|log\.ndjson|lock\.[0-9a-f]{8}\.now|\.renderfarm-[0-9a-f]{16}\.part)$/.test(name);

/** Makes a folder inside a folder of ours. @throws {FarmError} `FARM_UNSAFE_PATH` when there is something else, or a link */
export async function makeOwnFolder(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
    if (systemCodeOf(error) !== "EEXIST") throw error;
  });
  await requireOwnFolder(path);
}

/**
 * Removes the files of ours in a folder of ours, and the folder when nothing is left in it.
 *
 * @returns Whether something stayed that is not ours
 * @throws {FarmError} `FARM_UNSAFE_PATH` when the folder is a link: what is behind it is not ours
 */
export async function removeOwn(folder: string, isOwn: IsOwnName): Promise<boolean> {
  try {
    await removeOwnFiles(folder, isOwn);
    await rmdir(folder);
    return false;
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === "ENOENT") return false;
    if (code === "ENOTEMPTY" || code === "EEXIST") return true;
    throw error;
  }
}

/** Removes the files of ours in a folder of ours, and nothing else. */
export async function removeOwnFiles(folder: string, isOwn: IsOwnName): Promise<void> {
  await requireOwnFolder(folder);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isFile() && isOwn(entry.name)) await rm(join(folder, entry.name), { force: true });
  }
}
