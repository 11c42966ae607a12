import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/**
 * Everything in a folder, byte for byte, with modes and modification times: two snapshots are equal only when nothing
 * in it was touched in between.
 */
export function pictureOf(folder: string): Record<string, string> {
  const picture: Record<string, string> = {};
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
    const path = join(folder, name);
    const stats = lstatSync(path);
    const content = stats.isFile() ? readFileSync(path, "hex") : stats.isSymbolicLink() ? readlinkSync(path) : "";
    picture[name] = `${stats.mode.toString(8)} ${stats.mtimeMs} ${content}`;
  }
  return picture;
}
