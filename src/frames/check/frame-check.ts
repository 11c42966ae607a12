import type { Frame } from "../../core/node.ts";
import { checkOwnFile } from "./checked-file.ts";
import { ChunkCheck } from "./chunk-list.ts";
import {
  type FrameExpectation,
  FrameFaultFound,
  type FrameFormat,
  type FrameVerdict,
  pngColors,
} from "./frame-expectation.ts";
import { checkFrameNumber, noFrameNumber } from "./frame-number.ts";
import { PixelCheck } from "./pixel-check.ts";
import { type ByteSource, type Chunk, readChunks } from "./png-chunks.ts";
import { checkDepth, checkSize } from "./size-and-depth.ts";

/** What a PNG must be. Not every PNG that Blender writes has a frame number. */
export interface PngExpectation extends FrameFormat {
  /** `null`: any. */
  readonly frame: Frame | null;
  readonly mustHaveFrame: boolean;
}

/**
 * Proves that a file is the expected frame: a complete PNG with right checksums and all pixels, with the expected size,
 * depth, colour and frame number, and without anything that Blender does not write.
 *
 * FFmpeg cannot do this: it skips a truncated frame and all later ones, and exits with status 0.
 *
 * @throws The signal's reason if aborted; `FARM_UNSAFE_PATH` if it is a link; the system's error if it cannot be read
 */
export async function checkFrameFile(
  path: string,
  expected: FrameExpectation,
  signal?: AbortSignal,
): Promise<FrameVerdict> {
  return await checkOwnFile(path, (source) => inspectPng(source, { ...expected, mustHaveFrame: true }, signal));
}

/**
 * @returns The colour of a flat picture, else `null`
 * @throws {FrameFaultFound} At the first fault
 */
export async function inspectPng(
  source: ByteSource,
  expected: PngExpectation,
  signal?: AbortSignal,
): Promise<string | null> {
  using pixels = new PixelCheck(expected);
  const others = new ChunkCheck();
  let previous: string | undefined;
  let hasPixels = false;
  let hasFrame = false;
  for await (const chunk of readChunks(source)) {
    signal?.throwIfAborted();
    if ((chunk.type === "IHDR") !== (previous === undefined)) {
      throw new FrameFaultFound("BAD_CHUNK", "its header is not its first chunk");
    }
    if (chunk.type === "IHDR") {
      checkHeader(await headerIn(chunk), expected);
    } else if (chunk.type === "IDAT") {
      if (hasPixels && previous !== "IDAT") throw new FrameFaultFound("BAD_CHUNK", "its pixels are not in one run");
      hasPixels = true;
      for await (const piece of chunk.pieces) await pixels.write(piece);
    } else if (chunk.type !== "IEND") {
      const data = await others.read(chunk, hasPixels);
      const number = chunk.type === "tEXt" ? frameIn(data) : null;
      if (number !== null && expected.frame !== null) checkFrameNumber(number, expected.frame);
      hasFrame ||= number !== null;
    } else if (chunk.lengthBytes > 0) {
      throw new FrameFaultFound("BAD_CHUNK", "its end is not empty");
    }
    previous = chunk.type;
  }
  if (!hasPixels) throw new FrameFaultFound("BAD_PIXELS", "it has no pixels");
  await pixels.finish();
  if (!hasFrame && expected.mustHaveFrame) throw noFrameNumber();
  return pixels.flatColor;
}

async function headerIn(chunk: Chunk): Promise<Buffer> {
  if (chunk.lengthBytes !== 13) throw new FrameFaultFound("BAD_CHUNK", "its header has the wrong length");
  const pieces: Uint8Array[] = [];
  for await (const piece of chunk.pieces) pieces.push(piece);
  return Buffer.concat(pieces);
}

function checkHeader(header: Buffer, expected: FrameFormat): void {
  checkSize({ width: header.readUInt32BE(0), height: header.readUInt32BE(4) }, expected);
  const [depth = 0, color, compression, filter, interlace] = header.subarray(8);
  checkDepth(depth, expected.depth);
  if (color !== pngColors[expected.colorMode].type) {
    throw new FrameFaultFound("WRONG_COLOR", `its colour type is ${color}, not that of ${expected.colorMode}`);
  }
  // Blender never interlaces, and PNG defines only 0 for the other two.
  if (compression !== 0 || filter !== 0 || interlace !== 0) {
    throw new FrameFaultFound("BAD_CHUNK", "its header asks for a form that Blender does not write");
  }
}

/** The frame number in a text; `null` if it is about something else. */
function frameIn(text: Buffer): string | null {
  return /^Frame\0(.*)$/s.exec(text.toString("latin1"))?.[1] ?? null;
}
