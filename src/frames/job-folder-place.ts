import { lstat, opendir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { boundedName, shortDigestOf } from "../core/bounded-name.ts";
import { systemCodeOf } from "../core/errors.ts";
import { oddFile, requireOneName } from "../system/files/own-file.ts";
import { isSharedPlace, ownUid } from "../system/files/owners.ts";
import { oddityOf } from "../system/files/regular-file.ts";
import { unsafePath } from "../system/files/unsafe-path.ts";

/**
 * How much of an output's name goes into the name of a job folder elsewhere: some file systems allow only 143 bytes.
 */
const longestNameBytes = 100;
/** How many names are read at a time: a job folder may hold a million frames. */
const namesAtOnce = 1_000;

/**
 * The path of an output's job folder: beside the output, or in a folder for job folders. That one may hold the job
 * folders of outputs with the same name from different folders, so the name includes a digest of the output's path.
 *
 * @param jobDir Absolute; `undefined` is beside the output
 */
export function jobFolderOf(output: string, jobDir?: string): string {
  const path = resolve(output);
  if (jobDir === undefined) return `${path}.renderfarm`;
  return join(jobDir, `${boundedName(basename(path), longestNameBytes)}.${shortDigestOf(path)}.renderfarm`);
}

/** The record of how each frame was made, in a job folder. */
export function framesLogIn(folder: string): string {
  return join(folder, "frames.ndjson");
}

/**
 * The job folder that a user means by its own path, or by the output that it belongs to.
 *
 * @param path Relative to the working folder, or absolute
 * @param jobDir The folder in which this user's job folders are, if they are not beside the outputs
 * @returns An absolute path; that of `path` itself if there is no such job folder
 */
export async function namedJobFolder(path: string, jobDir?: string): Promise<string> {
  const own = resolve(path);
  const ofOutput = [jobFolderOf(own), ...(jobDir === undefined ? [] : [jobFolderOf(own, resolve(jobDir))])];
  const isThere = async (file: string) => (await lstat(file).catch(() => undefined)) !== undefined;
  if (await isThere(join(own, "job.json"))) return own;
  for (const folder of ofOutput) if (await isThere(join(folder, "job.json"))) return folder;
  return own;
}

/**
 * Checks a job folder before anything in it is used. It may have come with somebody's project or archive, and links in
 * it would make us write to, or remove, files elsewhere. A missing folder is fine.
 *
 * @throws {FarmError} `FARM_UNSAFE_PATH` naming what is wrong; the system's error if it cannot be read
 */
export async function requireSafeJobFolder(path: string): Promise<void> {
  try {
    const stats = await lstat(path);
    if (stats.isSymbolicLink()) {
      const hint = "Remove the link, and name the folder for job folders with --job-dir DIR";
      throw unsafePath(path, "it is a link, and a job folder must not be one", hint);
    }
    if (!stats.isDirectory()) return; // opening the first file in it will fail
    await requireOwnInSharedPlace(path, stats.uid);
    await requireNoLinks(path, true);
  } catch (error) {
    if (!["ENOENT", "ENOTDIR"].includes(systemCodeOf(error) ?? "")) throw error;
  }
}

/**
 * In a folder like /tmp anybody may have made this one in advance. Elsewhere it may belong to a colleague, on a share.
 */
async function requireOwnInSharedPlace(path: string, uid: number): Promise<void> {
  const place = await lstat(dirname(path));
  if (ownUid === undefined || uid === ownUid || uid === place.uid || !isSharedPlace(place)) return;
  throw unsafePath(
    path,
    `it belongs to another user (uid ${uid}), in a folder that everybody can write to`,
    "Choose an --output in a folder of your own, or give --job-dir DIR",
  );
}

/** @param isDeep Whether to check our own folders in it too; other folders in it are never touched */
async function requireNoLinks(folder: string, isDeep: boolean): Promise<void> {
  for await (const entry of await opendir(folder, { bufferSize: namesAtOnce })) {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) {
      const why = oddityOf(entry);
      if (why !== undefined) throw oddFile(path, why);
      if (/^(frames|blob|refused|baked|sound)$/.test(entry.name) && isDeep)
        throw oddFile(path, "it is a file, and should be a folder");
      if (/^(frames|log)\.ndjson$/.test(entry.name) && isDeep) requireOneName(path, await lstat(path));
    } else if (isDeep && isOwnFolder(entry.name)) await requireNoLinks(path, false);
  }
}

/** Whether it is the name of one of our folders, including those of refused frames, bakes and frames that were set aside. */
function isOwnFolder(name: string): boolean {
  return /^(blob|refused|baked|sound|frames(\.[\dT-]+\.[0-9a-f]{4})?)$/.test(name);
}
