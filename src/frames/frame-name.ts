import type { Frame } from "../core/node.ts";
import { frameNumberText } from "../core/pictures/picture-names.ts";

/** Enough for Blender's greatest frame number, 1,048,574. */
const digits = 7;

/**
 * The name of a frame's file: `0000024.png`, `-0000007.png`. Names sort like their frames, except that negative ones
 * come first and in reverse.
 *
 * @param tag What tells it from other files of this frame, if there may be several; no name in the store has one
 */
export function frameFileName(frame: Frame, tag?: string): string {
  return `${stemOf(frame, tag)}.png`;
}

/** The name of the file of one of a frame's pictures: `0000024.001.picture`. */
export function pictureFileName(frame: Frame, index: number, tag?: string): string {
  return `${stemOf(frame, tag)}.${String(index).padStart(3, "0")}.picture`;
}

function stemOf(frame: Frame, tag?: string): string {
  return `${frameNumberText(frame, digits)}${tag === undefined ? "" : `.${tag}`}`;
}

/** The frame of a picture's file and its place in the frame's list, or `null` for any other file. */
export function pictureOfFileName(name: string): { readonly frame: Frame; readonly index: number } | null {
  const [, stem = "", index = ""] = /^(-?\d{7})\.(\d{3})\.picture$/.exec(name) ?? [];
  const frame = frameOfFileName(`${stem}.png`);
  return frame === null ? null : { frame, index: Number(index) };
}

/** The frame of a file with such a name, or `null` for any other file. */
export function frameOfFileName(name: string): Frame | null {
  const match = /^(-?)(\d{7})\.png$/.exec(name);
  if (match === null) return null;
  const frame = Number(match[2]);
  if (match[1] === "") return frame;
  return frame === 0 ? null : -frame;
}
