import type { Frame } from "../../core/node.ts";

/** The form that the scene's settings demand of all frames of a job. */
export interface FrameFormat {
  /** Pixels, with percentage, border and crop applied. */
  readonly width: number;
  readonly height: number;
  readonly depth: 8 | 16;
  readonly colorMode: "BW" | "RGB" | "RGBA";
}

export interface FrameExpectation extends FrameFormat {
  readonly frame: Frame;
}

/** Colour type of PNG's header, and samples per pixel. */
export const pngColors: Record<FrameFormat["colorMode"], { readonly type: number; readonly channels: number }> = {
  BW: { type: 0, channels: 1 },
  RGB: { type: 2, channels: 3 },
  RGBA: { type: 6, channels: 4 },
};

/** For PNG's overhead for incompressible pixels, and for the metadata that Blender writes into a file. */
const overheadBytes = 1024 * 1024;

/** The largest size of a frame's file, in bytes: its uncompressed pixels plus overhead. */
export function largestFrameBytes({ width, height, depth, colorMode }: FrameFormat): number {
  const rowBytes = 1 + (width * pngColors[colorMode].channels * depth) / 8;
  return Math.ceil(rowBytes * height * 1.02) + overheadBytes;
}

/** As many uncompressed pictures of the frame's size, with four floats for each pixel, as a frame may have in all. */
const mostLayers = 64;

/** The largest size of all pictures that come beside a frame's PNG, in bytes. */
export function largestPicturesBytes({ width, height }: FrameFormat): number {
  return width * height * 16 * mostLayers + 64 * overheadBytes;
}

/** What is wrong with a frame. */
export type FrameFault =
  | "NOT_A_PNG"
  | "WRONG_FORMAT"
  | "TRUNCATED"
  | "BAD_CHUNK"
  | "FOREIGN_CHUNK"
  | "BAD_CHECKSUM"
  | "BAD_PIXELS"
  | "TRAILING_BYTES"
  | "WRONG_SIZE"
  | "WRONG_DEPTH"
  | "WRONG_COLOR"
  | "WRONG_FRAME";

export type FrameVerdict =
  /** `flat` is the colour in hexadecimal, if all pixels have the same one; else `null`. */
  | { readonly ok: true; readonly flat: string | null }
  | { readonly ok: false; readonly code: FrameFault; readonly message: string };

/** Thrown only inside the check, which turns it into a verdict. */
export class FrameFaultFound extends Error {
  readonly code: FrameFault;

  constructor(code: FrameFault, message: string) {
    super(message);
    this.code = code;
  }
}
