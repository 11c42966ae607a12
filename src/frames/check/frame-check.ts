import type { FileHandle } from "node:fs/promises";
import { openOwnFile } from "../../system/files/own-file.ts";
import { ChunkCheck } from "./chunk-list.ts";
import { type FrameExpectation, FrameFaultFound, type FrameVerdict, pngColors } from "./frame-expectation.ts";
import { PixelCheck } from "./pixel-check.ts";
import { type ByteSource, type Chunk, readChunks } from "./png-chunks.ts";

const windowBytes = 256 * 1024;

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
  const file = await openOwnFile(path);
  try {
    const { size } = await file.stat();
    return await check(fileSource(file, size), expected, signal);
  } finally {
    await file.close();
  }
}

/** Reads ahead: a PNG has a chunk every 8 KiB, and each read is a round trip to a thread. */
function fileSource(file: FileHandle, sizeBytes: number): ByteSource {
  let window = Buffer.alloc(0);
  let windowStart = 0;
  return {
    sizeBytes,
    read: async (position, length) => {
      const start = position - windowStart;
      if (start < 0 || start + length > window.length) {
        // A new buffer each time: results of earlier reads still point into the old one.
        const next = Buffer.allocUnsafe(Math.max(length, windowBytes));
        const { bytesRead } = await file.read(next, 0, next.length, position);
        [window, windowStart] = [next.subarray(0, bytesRead), position];
      }
      return window.subarray(position - windowStart, position - windowStart + length);
    },
  };
}

async function check(source: ByteSource, expected: FrameExpectation, signal?: AbortSignal): Promise<FrameVerdict> {
  try {
    return { ok: true, flat: await inspect(source, expected, signal) };
  } catch (error) {
    if (error instanceof FrameFaultFound) return { ok: false, code: error.code, message: error.message };
    throw error;
  }
}

/** @returns The colour of a flat picture, else `null` */
async function inspect(source: ByteSource, expected: FrameExpectation, signal?: AbortSignal): Promise<string | null> {
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
      if (chunk.type === "tEXt") hasFrame = checkFrameNumber(data, expected.frame) || hasFrame;
    } else if (chunk.lengthBytes > 0) {
      throw new FrameFaultFound("BAD_CHUNK", "its end is not empty");
    }
    previous = chunk.type;
  }
  if (!hasPixels) throw new FrameFaultFound("BAD_PIXELS", "it has no pixels");
  await pixels.finish();
  if (!hasFrame) throw new FrameFaultFound("WRONG_FRAME", "it does not say which frame it is");
  return pixels.flatColor;
}

async function headerIn(chunk: Chunk): Promise<Buffer> {
  if (chunk.lengthBytes !== 13) throw new FrameFaultFound("BAD_CHUNK", "its header has the wrong length");
  const pieces: Uint8Array[] = [];
  for await (const piece of chunk.pieces) pieces.push(piece);
  return Buffer.concat(pieces);
}

function checkHeader(header: Buffer, expected: FrameExpectation): void {
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  if (width !== expected.width || height !== expected.height) {
    const wanted = `${expected.width}x${expected.height}`;
    throw new FrameFaultFound("WRONG_SIZE", `it is ${width}x${height}, not ${wanted}`);
  }
  const [depth, color, compression, filter, interlace] = header.subarray(8);
  if (depth !== expected.depth) {
    throw new FrameFaultFound("WRONG_DEPTH", `it has ${depth} bits per channel, not ${expected.depth}`);
  }
  if (color !== pngColors[expected.colorMode].type) {
    throw new FrameFaultFound("WRONG_COLOR", `its colour type is ${color}, not that of ${expected.colorMode}`);
  }
  // Blender never interlaces, and PNG defines only 0 for the other two.
  if (compression !== 0 || filter !== 0 || interlace !== 0) {
    throw new FrameFaultFound("BAD_CHUNK", "its header asks for a form that Blender does not write");
  }
}

/** Checks the frame number if the text has it. Blender pads it: `007`, `-07`. @returns Whether the text has it */
function checkFrameNumber(text: Buffer, frame: number): boolean {
  const match = /^Frame\0(.*)$/s.exec(text.toString("latin1"));
  if (match === null) return false;
  const value = match[1] ?? "";
  if (/^-?\d{1,10}$/.test(value) && Number(value) === frame) return true;
  throw new FrameFaultFound("WRONG_FRAME", `it says that it is frame ${value.slice(0, 20)}, not ${frame}`);
}
