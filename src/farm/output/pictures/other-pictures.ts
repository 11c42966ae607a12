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
  const others = found.map((frame) => frameNameOf(names, frame));
  const text = othersText(others, ["picture", " of the same name pattern"], names.folder);
  return text && `${text}; whatever reads the folder as a sequence shows ${others.length === 1 ? "it" : "them"} too`;
}

/** What to tell the user of other files in the folder for passes; `null` if there are none. */
export function otherFiles(names: readonly string[], folder: string): string | null {
  return othersText(names, ["file", ""], folder);
}

/** @param names Sorted @param noun What one of them is, and which */
function othersText(names: readonly string[], [noun, which]: readonly [string, string], folder: string): string | null {
  const [first, last] = [names[0], names.at(-1)];
  if (first === undefined) return null;
  const [are, named] =
    names.length === 1 ? [`${noun}${which} is`, first] : [`${noun}s${which} are`, `${first} to ${last}`];
  return `${names.length} other ${are} in ${printable(folder)}: ${printable(named)}, probably from an earlier render`;
}
