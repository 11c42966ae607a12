import { readdir } from "node:fs/promises";
import type { Frame } from "../../../core/node.ts";
import { printable } from "../../../core/text.ts";
import { type FrameNames, frameNameOf, frameOfName } from "../../../encode/pictures/frame-names.ts";

/**
 * Finds pictures of other frames among those that the job writes, as an earlier and longer render leaves them. They stay:
 * whose they are is not known.
 *
 * @param names Those of one sequence
 * @returns What to tell the user; `null` if there are none
 */
export async function otherPictures(names: FrameNames, frames: readonly Frame[]): Promise<string | null> {
  const own = new Set(frames);
  const there = await readdir(names.folder).catch(() => []); // what is wrong with the folder is reported when it is written to
  const found = there.flatMap((name) => frameOfName(names, name) ?? []).filter((frame) => !own.has(frame));
  found.sort((a, b) => a - b);
  const [first, ...others] = found.map((frame) => frameNameOf(names, frame));
  if (first === undefined) return null;
  const last = others.at(-1);
  const which = last === undefined ? `picture of the same name pattern is` : `pictures of the same name pattern are`;
  const named = printable(last === undefined ? first : `${first} to ${last}`);
  const where = `${found.length} other ${which} in ${printable(names.folder)}: ${named}, probably from an earlier render`;
  return `${where}; whatever reads the folder as a sequence shows ${last === undefined ? "it" : "them"} too`;
}

/** What to tell the user of other files in the folder for passes. */
export function otherFiles(names: readonly string[], folder: string): string {
  const [first = "", last] = [names[0], names.length > 1 ? names.at(-1) : undefined];
  const which = printable(last === undefined ? first : `${first} to ${last}`);
  return `${names.length} other ${last === undefined ? "file is" : "files are"} in ${printable(folder)}: ${which}, probably from an earlier render`;
}
