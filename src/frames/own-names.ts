import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, systemCodeOf } from "../core/errors.ts";
import type { Frame } from "../core/node.ts";
import { removeEmptyFolder, removeFile } from "../system/files/held-files.ts";
import { requireOwnFolder } from "../system/files/own-file.ts";
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
  /^(job\.json|(attempts|events|frames|log)\.ndjson|lock\.([0-9a-f]{8}\.now|[0-9a-f]{16}|takeover)|\.renderfarm-[0-9a-f]{16}\.part)$/.test(
    name,
  );

/** Makes a folder inside a folder of ours. @throws {FarmError} `FARM_UNSAFE_PATH` when there is something else, or a link */
export async function makeOwnFolder(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
    if (systemCodeOf(error) !== "EEXIST") throw error;
  });
  await requireOwnFolder(path);
}

/** A folder that could not be removed. */
export interface LeftBehind {
  readonly path: string;
  /** "it holds files that this program did not make" */
  readonly why: string;
}

/** What macOS and Windows put by themselves into a folder that somebody looks at; `._` is the rest of a file's name. */
const isSystemsName = (name: string, isOwn: IsOwnName) =>
  /^(\.DS_Store|Thumbs\.db|desktop\.ini)$/i.test(name) || (name.startsWith("._") && isOwn(name.slice(2)));

/**
 * Removes the files of ours in a folder of ours, and the folder when nothing is left in it. It never fails: there is nobody
 * to whom a file that cannot be removed is worth more than the result of the job.
 *
 * @returns Why the folder stayed, if it did
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
 * Removes the files of ours in a folder of ours, and nothing else.
 *
 * @throws {FarmError} `FARM_UNSAFE_PATH` when the folder is a link: what is behind it is not ours; the system's error of the
 *   first file that cannot be removed, when all others are
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
