import { realpath } from "node:fs/promises";
import { resolve } from "node:path";

/** The absolute path without links; of a path that does not exist, the absolute path. */
export function realPathOf(path: string): Promise<string> {
  return realpath(path).catch(() => resolve(path));
}
