import type { Cursor } from "../cursor.ts";
import { faultOfZlib } from "../inflated-length.ts";
import { faultOfRuns } from "../run-lengths.ts";
import type { ExrChannel, ExrPart } from "./part.ts";

/** The pixels of one chunk, at the cursor. */
export interface ExrPixels {
  readonly part: ExrPart;
  readonly width: number;
  readonly height: number;
  /** Bytes as they are in the file. */
  readonly packedBytes: number;
}

const what = "its pixels";

/**
 * What is wrong with the pixels of a chunk; `null` if nothing is. Data of zlib, run lengths and blocks are followed to
 * their end, and must unpack to exactly as many bytes as the chunk has. Of wavelets and cosines only the sizes of their
 * parts are compared.
 *
 * @throws {FrameFaultFound} If the file ends
 */
export async function faultOfExrPixels(cursor: Cursor, pixels: ExrPixels): Promise<string | null> {
  const { part, width, height, packedBytes } = pixels;
  const samples = (bytesOf: (channel: ExrChannel) => number) =>
    part.channels.reduce((sum, channel) => sum + bytesOf(channel), 0) * width * height;
  const rawBytes = samples(({ bytes }) => bytes);
  // What would not become smaller is not compressed.
  if (packedBytes === rawBytes) return null;
  if (packedBytes > rawBytes) return `they have ${packedBytes} bytes, more than they need`;
  const pieces = () => cursor.pieces(packedBytes, what);
  switch (part.compression.kind) {
    case "none":
      return `only ${packedBytes} of ${rawBytes} bytes are there`;
    case "zip":
      return await faultOfZlib({ pieces: pieces(), packedBytes, rawBytes });
    case "pxr24":
      // It drops the last byte of each float.
      return await faultOfZlib({ pieces: pieces(), packedBytes, rawBytes: samples(({ bytes }) => Math.min(bytes, 3)) });
    case "rle":
      return await faultOfRuns(pieces(), rawBytes, runOfRle);
    case "b44":
      return await faultOfBlocks(pieces(), pixels);
    case "piz":
      return await faultOfWavelets(cursor, packedBytes);
    case "dwa":
      return await faultOfCosines(cursor, packedBytes);
    case "htj2k":
      return await faultOfCodestream(cursor, packedBytes);
  }
}

/** A negative count is followed by that many bytes, another one by a byte that is repeated once more than it says. */
function runOfRle(count: number): readonly [number, number] {
  return count < 0 ? [-count, 1 - count] : [count + 1, 2];
}

/** Halves are packed in blocks of 4×4: 14 bytes each, or 3 if all are equal. Floats are not packed. */
async function faultOfBlocks(pieces: AsyncIterable<Buffer>, pixels: ExrPixels): Promise<string | null> {
  const { part, width, height, packedBytes } = pixels;
  const blocks = Math.ceil(width / 4) * Math.ceil(height / 4);
  let [next, channel, block] = [0, 0, 0];
  let start = 0;
  for await (const piece of pieces) {
    for (; channel < part.channels.length; ) {
      if (part.channels[channel]?.bytes === 4) {
        next += width * height * 4;
        channel++;
        continue;
      }
      // The third byte says which form a block has.
      const form = piece[next + 2 - start];
      if (form === undefined) break;
      next += form >= 13 << 2 ? 3 : 14;
      block = (block + 1) % blocks;
      if (block === 0) channel++;
    }
    start += piece.length;
  }
  return channel === part.channels.length && next === packedBytes ? null : "their blocks are not complete";
}

/** A table of the values that occur, then codes with their length before them. */
async function faultOfWavelets(cursor: Cursor, packedBytes: number): Promise<string | null> {
  const wrong = "the sizes of their parts are wrong";
  if (packedBytes < 8) return wrong;
  const range = await cursor.bytes(4, what);
  const [first, last] = [range.readUInt16LE(0), range.readUInt16LE(2)];
  const tableBytes = first <= last ? last - first + 1 : 0;
  if (last >= 8192 || 8 + tableBytes > packedBytes) return wrong;
  cursor.skip(tableBytes, what);
  const codeBytes = (await cursor.bytes(4, what)).readInt32LE(0);
  return 8 + tableBytes + codeBytes === packedBytes ? null : wrong;
}

/** Eleven numbers, among them the sizes of four parts; rules for the channels; the parts. */
async function faultOfCosines(cursor: Cursor, packedBytes: number): Promise<string | null> {
  const wrong = "the sizes of their parts are wrong";
  const headBytes = 11 * 8;
  if (packedBytes < headBytes + 2) return wrong;
  const head = await cursor.bytes(headBytes + 2, what);
  const number = (index: number) => Number(head.readBigUInt64LE(index * 8));
  if (number(0) !== 2) return `version ${number(0)} is not what Blender writes`;
  const [other, alternating, constant, runs] = [number(2), number(3), number(4), number(5)] as const;
  const total = headBytes + head.readUInt16LE(headBytes) + other + alternating + constant + runs;
  // The library in Blender 2.83 writes one byte too many.
  return total === packedBytes || total + 1 === packedBytes ? null : wrong;
}

/** A map of channels, then a codestream of JPEG 2000 from its start marker to its end marker. */
async function faultOfCodestream(cursor: Cursor, packedBytes: number): Promise<string | null> {
  const wrong = "they are not one whole codestream";
  if (packedBytes < 10) return wrong;
  const head = await cursor.bytes(6, what);
  const mapBytes = head.readUInt32BE(2);
  const restBytes = packedBytes - 6 - mapBytes;
  if (head.toString("latin1", 0, 2) !== "HT" || restBytes < 4) return wrong;
  cursor.skip(mapBytes, what);
  const start = (await cursor.bytes(2, what)).readUInt16BE(0);
  cursor.skip(restBytes - 4, what);
  const end = (await cursor.bytes(2, what)).readUInt16BE(0);
  return start === 0xff4f && end === 0xffd9 ? null : wrong;
}
