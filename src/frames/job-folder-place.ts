import { lstat, opendir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { boundedName, shortDigestOf } from "../core/bounded-name.ts";
import { systemCodeOf } from "../core/errors.ts";
import { oddFile, requireOneName } from "../system/files/own-file.ts";
import { isSharedPlace, ownUid } from "../system/files/owners.ts";
import { oddityOf } from "../system/files/regular-file.ts";
import { unsafePath } from "../system/files/unsafe-path.ts";

/** As much of an output's name as a job folder elsewhere has; some file systems take no more than 143 bytes. */
const longestNameBytes = 100;
/** A job folder may hold a million frames. */
const namesAtOnce = 1_000;

/**
 * Where the job folder of an output is: beside it, or in a folder for job folders. Those of many outputs may be there, and
 * outputs in different folders may have one name, so a digest of the output's path stands in the job folder's name.
 *
 * @param jobDir Absolute; `undefined` is beside the output
 */
export function jobFolderOf(output: string, jobDir?: string): string {
  const path = resolve(output);
  if (jobDir === undefined) return `${path}.renderfarm`;
  return join(jobDir, `${boundedName(basename(path), longestNameBytes)}.${shortDigestOf(path)}.renderfarm`);
}

/**
 * Looks at a job folder before anything in it is used. It may have come with somebody's project or archive, and a link in
 * it leads to files that are not ours: they would be written to, or removed. One that is not there is fine.
 *
 * @throws {FarmError} `FARM_UNSAFE_PATH` that names what is wrong; the system's error when it cannot be read
 */
export async function requireSafeJobFolder(path: string): Promise<void> {
  try {
    const stats = await lstat(path);
    if (stats.isSymbolicLink()) {
      const hint = "Remove the link, and name the place where job folders shall be with --job-dir DIR";
      throw unsafePath(path, "it is a link, and a job folder may be none", hint);
    }
    if (!stats.isDirectory()) return; // told by the first file that is opened in it
    await requireOwnInSharedPlace(path, stats.uid);
    await requireNoLinks(path, true);
  } catch (error) {
    if (!["ENOENT", "ENOTDIR"].includes(systemCodeOf(error) ?? "")) throw error;
  }
}

/** In a folder like /tmp anybody may have made this one beforehand. Elsewhere it may be a colleague's, on a share. */
async function requireOwnInSharedPlace(path: string, uid: number): Promise<void> {
  const place = await lstat(dirname(path));
  if (ownUid === undefined || uid === ownUid || uid === place.uid || !isSharedPlace(place)) return;
  throw unsafePath(
    path,
    `it belongs to another user (uid ${uid}), in a folder to which everybody may write`,
    "Choose an --output in a folder of your own, or give --job-dir DIR",
  );
}

/** @param isDeep Whether to look into the folders that are ours too; what is in other ones is never touched */
async function requireNoLinks(folder: string, isDeep: boolean): Promise<void> {
  for await (const entry of await opendir(folder, { bufferSize: namesAtOnce })) {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) {
      const why = oddityOf(entry);
      if (why !== undefined) throw oddFile(path, why);
      if (/^(frames|blob|refused)$/.test(entry.name) && isDeep)
        throw oddFile(path, "it is a file, and should be a folder");
      if (/^(frames|log)\.ndjson$/.test(entry.name) && isDeep) requireOneName(path, await lstat(path));
    } else if (isDeep && isOwnFolder(entry.name)) await requireNoLinks(path, false);
  }
}

/** Also of frames that were set aside, or refused. */
function isOwnFolder(name: string): boolean {
  return /^(blob|refused|frames(\.[\dT-]+\.[0-9a-f]{4})?)$/.test(name);
}
