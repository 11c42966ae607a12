import { FrameFaultFound } from "../../frame-expectation.ts";
import { noFrameNumber } from "../../frame-number.ts";
import type { ByteSource } from "../../png-chunks.ts";
import { checkDepth, checkSize } from "../../size-and-depth.ts";
import { Cursor } from "../cursor.ts";
import type { PictureExpectation } from "../picture-expectation.ts";
import { badHeader } from "./attributes.ts";
import { checkExrChunks } from "./chunks.ts";
import { type ExrHeader, readExrHeader } from "./header.ts";
import { areEqual, sizeOf } from "./part.ts";

/**
 * Checks an EXR: its headers, its table of chunks, and all chunks.
 *
 * @throws {FrameFaultFound} At the first fault
 */
export async function checkExr(source: ByteSource, expected: PictureExpectation, signal?: AbortSignal): Promise<void> {
  const cursor = new Cursor(source);
  const header = await readExrHeader(cursor, expected.frame, signal);
  if (header.isMultilayer !== (expected.format === "exr-multilayer")) {
    throw new FrameFaultFound("WRONG_FORMAT", header.isMultilayer ? "it has layers" : "it has no layers");
  }
  checkParts(header, expected);
  if (!header.hasFrame && expected.mustHaveFrame) throw noFrameNumber();
  await checkExrChunks(cursor, header, signal);
}

/** Blender's parts all have the whole picture: what is outside a border is empty, or cut off. */
function checkParts({ parts, isMultilayer }: ExrHeader, expected: PictureExpectation): void {
  for (const { window, display, channels } of parts) {
    checkSize(sizeOf(window), expected.size);
    if (!areEqual(window, display)) throw badHeader("only a part of its picture");
    for (const { name, bytes } of channels) {
      // Layers of data are float in a file of halves.
      const mayDiffer = expected.depth === 16 && !isColor(name, isMultilayer);
      if (!mayDiffer) checkDepth(bytes * 8, expected.depth);
    }
  }
}

/** Whether a channel belongs to the picture that is seen: R of one picture, LAYER.Combined.R of many. */
function isColor(name: string, isMultilayer: boolean): boolean {
  return /(^|\.)[RGBAVY]$/.test(name) && (!isMultilayer || name.includes(".Combined."));
}
