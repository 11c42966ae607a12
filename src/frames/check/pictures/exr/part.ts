import type { Cursor } from "../cursor.ts";
import { badHeader, nameAt } from "./attributes.ts";
import { type ExrCompression, exrCompressions } from "./compressions.ts";

/** Corners of a rectangle of pixels, both inside it. */
export interface ExrWindow {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface ExrChannel {
  readonly name: string;
  /** Bytes of a sample: 2 for half, 4 for float. */
  readonly bytes: 2 | 4;
}

/** One picture of an EXR: a file has one, or many if it is multipart. */
export interface ExrPart {
  readonly window: ExrWindow;
  readonly display: ExrWindow;
  readonly compression: ExrCompression;
  /** Pixels of a tile; `null` if chunks are rows. */
  readonly tile: { readonly width: number; readonly height: number } | null;
  readonly channels: readonly ExrChannel[];
  /** Chunks that it must have, for its size. */
  readonly chunkCount: number;
}

const mostChannels = 65_536;
const channelBytes = 16;
const half = 1;
const float = 2;

/** Reads a list of channels: in order, half or float, one sample per pixel. @throws {FrameFaultFound} */
export async function channelsAt(cursor: Cursor, sizeBytes: number): Promise<ExrChannel[]> {
  const end = cursor.position + sizeBytes;
  const channels: ExrChannel[] = [];
  for (let previous = ""; ; ) {
    const name = await nameAt(cursor, 255);
    if (name === "") break;
    if (name <= previous) throw badHeader("channels that are not in order");
    const data = await cursor.bytes(channelBytes, "its header");
    const type = data.readInt32LE(0);
    if (type !== half && type !== float) throw badHeader("a channel that is neither half nor float");
    if (data.readInt32LE(8) !== 1 || data.readInt32LE(12) !== 1) throw badHeader("a channel without all pixels");
    channels.push({ name, bytes: type === half ? 2 : 4 });
    if (channels.length > mostChannels) throw badHeader(`more than ${mostChannels} channels`);
    if (cursor.position > end) break;
    previous = name;
  }
  if (cursor.position !== end) throw badHeader("a list of channels that is damaged");
  if (channels.length === 0) throw badHeader("no channels");
  return channels;
}

export function windowIn(data: Buffer): ExrWindow {
  return {
    left: data.readInt32LE(0),
    top: data.readInt32LE(4),
    right: data.readInt32LE(8),
    bottom: data.readInt32LE(12),
  };
}

export function sizeOf({ left, top, right, bottom }: ExrWindow): { width: number; height: number } {
  return { width: right - left + 1, height: bottom - top + 1 };
}

export function areEqual(one: ExrWindow, other: ExrWindow): boolean {
  return one.left === other.left && one.top === other.top && one.right === other.right && one.bottom === other.bottom;
}

/** The compression that a header names. @throws {FrameFaultFound} */
export function compressionIn(data: Buffer): ExrCompression {
  const compression = exrCompressions[data[0] ?? -1];
  if (compression === undefined) throw badHeader(`an unknown compression: ${data[0]}`);
  return compression;
}

/** The size of tiles that a header names, without smaller copies of the picture. @throws {FrameFaultFound} */
export function tileIn(data: Buffer): { width: number; height: number } {
  const [width, height] = [data.readUInt32LE(0), data.readUInt32LE(4)];
  if (width < 1 || height < 1) throw badHeader(`tiles of ${width}x${height}`);
  if (((data[8] ?? 0) & 15) !== 0) throw badHeader("smaller copies of its picture, which Blender does not write");
  return { width, height };
}

/** How many chunks a picture has. */
export function countChunks(window: ExrWindow, tile: ExrPart["tile"], compression: ExrCompression): number {
  const { width, height } = sizeOf(window);
  if (tile === null) return Math.ceil(height / compression.rows);
  return Math.ceil(width / tile.width) * Math.ceil(height / tile.height);
}
