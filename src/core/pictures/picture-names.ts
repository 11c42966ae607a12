import type { Frame } from "../node.ts";
import { isPortablePath } from "../paths/portable-path.ts";

const longestSuffix = 64;

/** The number of a frame in file names, as Blender writes it: at least as many digits, after a sign if there is one. */
export function frameNumberText(frame: Frame, digits: number): string {
  return `${frame < 0 ? "-" : ""}${String(Math.abs(frame)).padStart(digits, "0")}`;
}

/**
 * Whether these can be the suffixes of views in file names, `_L` and `_R`: short, without anything that names a folder or
 * that a system refuses, and different for systems that ignore case.
 */
export function areSuffixes(suffixes: readonly string[]): boolean {
  const different = new Set(suffixes.map((suffix) => suffix.normalize().toLowerCase()));
  return different.size === suffixes.length && suffixes.every(isSuffix);
}

function isSuffix(suffix: string): boolean {
  return suffix.length <= longestSuffix && !suffix.includes("/") && isPortablePath(`x${suffix}x`);
}

/**
 * The name of a File Output node's picture in the folder for them. Blender puts the frame's number into each name; those
 * without it, such as those of another scene in a strip, get it, or the next frame would take their place.
 *
 * @param name With slashes
 */
export function nameOfPicture(name: string, frame: Frame): string {
  if (hasNumber(name, new Set([frame]))) return name;
  const slash = name.lastIndexOf("/");
  const dot = name.lastIndexOf(".");
  const end = dot > slash + 1 ? dot : name.length;
  return `${name.slice(0, end)}.${frameNumberText(frame, 4)}${name.slice(end)}`;
}

/** Whether a file's name, without its folder, has the number of one of the frames. A hyphen may also be in front of others. */
export function hasNumber(name: string, frames: ReadonlySet<Frame>): boolean {
  const file = name.slice(name.lastIndexOf("/") + 1);
  return [...file.matchAll(/-?\d+/g)].some(([text]) => {
    const number = Number(text);
    return frames.has(number) || frames.has(Math.abs(number));
  });
}
