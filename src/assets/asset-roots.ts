import { stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, parse, relative, resolve, sep } from "node:path";
import { isPortablePath, isVisible } from "../core/paths/portable-path.ts";
import { homeFolder } from "../system/files/home-folder.ts";
import { isInside, realPathOf } from "../system/files/real-path.ts";

/** The folders whose files a job may send. All paths are absolute, and without links. */
export interface AssetRoots {
  /** The outermost root that holds the blendfile. */
  readonly project: string;
  /** The folder of the blendfile, in the project or the project itself. */
  readonly blendFolder: string;
  /** Further roots, outside the project. */
  readonly others: readonly string[];
  /** All roots that the user has named, those in the project too. */
  readonly named: readonly string[];
  /**
   * Paths in a job are relative to it: the folder that holds all roots. Then files lie around each other on a node as
   * they do here. Nothing may be sent because it is in this folder. `null` if the roots are on several drives. If some
   * system could not have the blendfile's path from there, it is the blendfile's own folder.
   */
  readonly base: string | null;
  /** The blendfile's path in the job, with slashes. */
  readonly blendPath: string;
}

/** The blendfile's path if no system could have its own. */
const plainBlendPath = "job.blend";

/**
 * Decides which files a job may send: those in the blendfile's folder, and in folders that the user names. Everything
 * that a user has is in a home folder, and everything on a machine is on a drive, so these are never roots by
 * themselves.
 *
 * @param named Folders that the user names, which may be any
 * @param around Folders that are roots if they hold the blendfile, such as the farmspec's
 * @returns `null` if there is no root that holds the blendfile: then no file is sent with it
 */
export async function assetRootsOf(
  blend: string,
  named: readonly string[] = [],
  around: readonly string[] = [],
): Promise<AssetRoots | null> {
  const path = resolve(blend);
  const blendFolder = await realPathOf(dirname(path)); // Blender, too, looks beside a link and not beside its target
  const given = await Promise.all(named.map(realPathOf));
  const own = [blendFolder, ...(await Promise.all(around.map(realPathOf)))];
  const tooWide = await Promise.all(own.map(isTooWide));
  const holding = [...given, ...own.filter((_, index) => !tooWide[index])].filter(
    (root) => root === blendFolder || isInside(root, blendFolder),
  );
  const project = holding.sort((a, b) => a.length - b.length)[0];
  if (project === undefined) return null;
  const others = given.filter((root) => root !== project && !isInside(project, root));
  const common = commonFolder([project, ...others]);
  const inJob = pathInJob(join(blendFolder, basename(path)), common);
  const place = isPortablePath(inJob)
    ? { base: common, blendPath: inJob }
    : { base: blendFolder, blendPath: isPortablePath(basename(path)) ? basename(path) : plainBlendPath };
  return { project, blendFolder, others, named: given, ...place };
}

/** The innermost folder that is, or holds, all of these; `null` if they are on several drives. */
function commonFolder([first = "", ...others]: readonly string[]): string | null {
  let common = first;
  while (!others.every((folder) => folder === common || isInside(common, folder))) {
    if (dirname(common) === common) return null;
    common = dirname(common);
  }
  return common;
}

/** The path of a file in the job, with slashes. It begins with `..` outside the base. */
export function pathInJob(path: string, base: string | null): string {
  return (base === null ? path.replace(/^(\w):/, "drive-$1") : relative(base, path)).split(sep).join("/");
}

/** The path on this machine, of a path in the job. */
export function pathHere(at: string, base: string | null): string {
  return base === null ? resolve(at.replace(/^drive-(\w)(?=\/)/, "$1:")) : resolve(base, ...at.split("/"));
}

/** The root that holds a path. */
export function rootOf(path: string, { project, others }: AssetRoots): string | undefined {
  return [project, ...others].find((each) => isInside(each, path));
}

/** Whether no part of a path is hidden, below the innermost root: what is above it, the user has named. */
export function isShown(path: string, root: string, { named }: AssetRoots): boolean {
  const [innermost = root] = named.filter((each) => isInside(each, path)).sort((a, b) => b.length - a.length);
  return isVisible(
    relative(innermost.length > root.length ? innermost : root, path)
      .split(sep)
      .join("/"),
  );
}

/** Where systems have everybody's folders, temporary files and drives. */
const shared = /^\/(home|Users|tmp|var\/tmp|private\/tmp|Volumes|media|mnt|run\/media)$/;

/** A drive that somebody has plugged in. */
const drive = /^\/(Volumes|media|run\/media)\/[^/]+(\/[^/]+)?$/;

/** Whether a folder holds much that has nothing to do with a project: a home folder, a temporary folder, a drive. */
async function isTooWide(folder: string): Promise<boolean> {
  if (shared.test(folder) || (drive.test(folder) && (await isMountPoint(folder)))) return true;
  return (await Promise.all([homeFolder(), tmpdir(), parse(folder).root].map(realPathOf))).includes(folder);
}

async function isMountPoint(folder: string): Promise<boolean> {
  const [own, above] = await Promise.all([folder, dirname(folder)].map((path) => stat(path).catch(() => undefined)));
  return own?.dev !== above?.dev;
}

/**
 * The folder to name as a root for a file that is in none. A file with a path relative to the blendfile needs one that
 * holds both.
 */
export async function rootFor(file: string, isRelative: boolean, { blendFolder }: AssetRoots): Promise<string> {
  if (!isRelative) return dirname(file);
  let common = blendFolder;
  while (!isInside(common, file)) common = dirname(common);
  return (await isTooWide(common)) ? dirname(file) : common;
}
