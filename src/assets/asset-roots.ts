import { homedir, tmpdir } from "node:os";
import { dirname, parse, relative, resolve, sep } from "node:path";
import { realPathOf } from "../system/files/real-path.ts";

/** The folders whose files a job may send. */
export interface AssetRoots {
  /** The outermost folder that holds the blendfile: paths in the project are relative to it. */
  readonly project: string;
  /** The blendfile's path in the project, with slashes. */
  readonly blendPath: string;
}

/**
 * Decides which files a job may send: those in the blendfile's folder. Everything that a user keeps is in a home folder,
 * and everything on a machine is on a drive, so these are never the project by themselves.
 *
 * @returns `null` if the blendfile is in such a folder: then no file is sent with it
 */
export async function assetRootsOf(blend: string): Promise<AssetRoots | null> {
  const path = await realPathOf(blend);
  const project = dirname(path);
  const tooWide = await Promise.all([homedir(), tmpdir(), parse(path).root].map(realPathOf));
  if (tooWide.includes(project)) return null;
  return { project, blendPath: relative(project, path).split(sep).join("/") };
}

/** Whether a path is inside a folder. Both are absolute, and free of links. */
export function isInside(folder: string, path: string): boolean {
  const inside = relative(folder, resolve(path));
  return inside !== "" && inside !== ".." && !inside.startsWith(`..${sep}`) && parse(inside).root === "";
}
