import { inspectPng } from "../frame-check.ts";
import { FrameFaultFound, type FrameFormat, pngColors } from "../frame-expectation.ts";
import type { ByteSource } from "../png-chunks.ts";
import { checkSize } from "../size-and-depth.ts";
import { Cursor } from "./cursor.ts";
import type { PictureExpectation } from "./picture-expectation.ts";

const headerBytes = 33;

/**
 * Checks a PNG as a frame is checked, but of any size and depth if none is expected.
 *
 * @returns The colour of a flat picture, else `null`
 * @throws {FrameFaultFound} At the first fault
 */
export async function checkPng(
  source: ByteSource,
  expected: PictureExpectation,
  signal?: AbortSignal,
): Promise<string | null> {
  const format = await formatIn(source, expected);
  return await inspectPng(source, { ...format, frame: expected.frame, mustHaveFrame: expected.mustHaveFrame }, signal);
}

/** What a PNG's header claims, if no other size or depth is expected: the check that follows compares it with the pixels. */
async function formatIn(source: ByteSource, expected: PictureExpectation): Promise<FrameFormat> {
  const header = await new Cursor(source).bytes(headerBytes, "its header");
  const size = expected.size ?? { width: header.readUInt32BE(16), height: header.readUInt32BE(20) };
  checkSize(size, null);
  const depth = expected.depth ?? header[24];
  if (depth !== 8 && depth !== 16) {
    throw new FrameFaultFound("WRONG_DEPTH", `it has ${depth} bits per channel, which Blender does not write`);
  }
  const colorMode = (["BW", "RGB", "RGBA"] as const).find((mode) => pngColors[mode].type === header[25]) ?? "RGB";
  return { ...size, depth, colorMode };
}
