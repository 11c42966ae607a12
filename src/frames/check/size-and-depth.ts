import { FrameFaultFound } from "./frame-expectation.ts";

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** Twice the most that Blender renders, for pictures of two views side by side. */
const longestSide = 131_072;

/**
 * Checks the size that a picture claims.
 *
 * @throws {FrameFaultFound} `WRONG_SIZE`, also if no picture can be so large
 */
export function checkSize(size: PictureSize, expected: PictureSize | null): void {
  const { width, height } = size;
  const isPossible = [width, height].every((side) => Number.isInteger(side) && side >= 1 && side <= longestSide);
  if (!isPossible) throw new FrameFaultFound("WRONG_SIZE", `it claims an impossible size: ${width}x${height}`);
  if (expected === null || (width === expected.width && height === expected.height)) return;
  throw new FrameFaultFound("WRONG_SIZE", `it is ${width}x${height}, not ${expected.width}x${expected.height}`);
}

/** Checks the bits per channel. @throws {FrameFaultFound} `WRONG_DEPTH` */
export function checkDepth(depth: number, expected: number | null): void {
  if (expected === null || depth === expected) return;
  throw new FrameFaultFound("WRONG_DEPTH", `it has ${depth} bits per channel, not ${expected}`);
}
