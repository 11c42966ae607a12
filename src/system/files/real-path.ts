import { realpath } from "node:fs/promises";
import { parse, relative, resolve, sep } from "node:path";

/** The absolute path without links; of a path that does not exist, the absolute path. */
export function realPathOf(path: string): Promise<string> {
  return realpath(path).catch(() => resolve(path));
}

/** Whether a path is inside a folder. Both are absolute, and without links. */
export function isInside(folder: string, path: string): boolean {
  const inside = relative(folder, path);
  return inside !== "" && inside !== ".." && !inside.startsWith(`..${sep}`) && parse(inside).root === "";
}
