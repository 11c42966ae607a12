import { FrameFaultFound } from "../../frame-expectation.ts";
import type { Cursor } from "../cursor.ts";
import type { ExrHeader } from "./header.ts";
import { type ExrPart, sizeOf } from "./part.ts";
import { faultOfExrPixels } from "./pixels.ts";

/** The table is kept in memory: 16 MiB. Each row of 240 passes of 8K pictures would fit. */
const mostChunks = 2 * 1024 * 1024;

/** The pixels that a chunk holds. */
interface ChunkPlace {
  /** Its number in the table of its part. */
  readonly index: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Checks the table of chunks and all chunks: each is where the table says, has the pixels of its place, and none is
 * missing. They follow each other without a gap, up to the end of the file.
 *
 * @param cursor At the table; afterwards at the end
 * @throws {FrameFaultFound}
 */
export async function checkExrChunks(cursor: Cursor, header: ExrHeader, signal?: AbortSignal): Promise<void> {
  const { parts, isMultipart } = header;
  const firsts: number[] = [];
  let total = 0;
  for (const { chunkCount } of parts) {
    firsts.push(total);
    total += chunkCount;
  }
  if (total > mostChunks) throw new FrameFaultFound("BAD_CHUNK", `it claims to have ${total} chunks`);
  if (total * 8 > cursor.restBytes) throw new FrameFaultFound("TRUNCATED", "it ends within its table of chunks");
  const table = await cursor.bytes(total * 8, "its table of chunks");
  for (let number = 0; number < total; number++) {
    signal?.throwIfAborted();
    const { position } = cursor;
    const partNumber = isMultipart ? (await cursor.bytes(4, "a chunk")).readInt32LE(0) : 0;
    const part = parts[partNumber];
    const place = part && (await placeAt(cursor, part));
    if (!part || !place) throw new FrameFaultFound("BAD_CHUNK", `there is no chunk of its picture at byte ${position}`);
    if (offsetIn(table, (firsts[partNumber] ?? 0) + place.index) !== position) {
      throw new FrameFaultFound("BAD_CHUNK", `its table does not name the chunk at byte ${position}`);
    }
    const packedBytes = (await cursor.bytes(4, "a chunk")).readUInt32LE(0);
    const end = cursor.position + packedBytes;
    if (packedBytes > cursor.restBytes) {
      throw new FrameFaultFound("TRUNCATED", `the chunk at byte ${position} reaches beyond the end of the file`);
    }
    const fault = await faultOfExrPixels(cursor, { ...place, part, packedBytes });
    if (fault !== null)
      throw new FrameFaultFound("BAD_PIXELS", `the pixels of the chunk at byte ${position}: ${fault}`);
    cursor.skip(end - cursor.position, "a chunk");
  }
  if (cursor.restBytes > 0) throw new FrameFaultFound("TRAILING_BYTES", `${cursor.restBytes} bytes follow its end`);
}

/** Reads where a chunk belongs; `undefined` if its part has no such place. */
async function placeAt(cursor: Cursor, { tile, window, compression }: ExrPart): Promise<ChunkPlace | undefined> {
  const { width, height } = sizeOf(window);
  if (tile === null) {
    const row = (await cursor.bytes(4, "a chunk")).readInt32LE(0) - window.top;
    const index = row / compression.rows;
    if (row < 0 || row >= height || !Number.isInteger(index)) return undefined;
    return { index, width, height: Math.min(compression.rows, height - row) };
  }
  const data = await cursor.bytes(16, "a chunk");
  const [column, row] = [data.readInt32LE(0), data.readInt32LE(4)];
  const [left, top] = [column * tile.width, row * tile.height];
  const isWhole = data.readInt32LE(8) === 0 && data.readInt32LE(12) === 0; // not of a smaller copy
  if (!isWhole || column < 0 || row < 0 || left >= width || top >= height) return undefined;
  return {
    index: row * Math.ceil(width / tile.width) + column,
    width: Math.min(tile.width, width - left),
    height: Math.min(tile.height, height - top),
  };
}

/** Numbers beyond 2^53 lose digits, but no file is so long. */
function offsetIn(table: Buffer, index: number): number {
  return table.readUInt32LE(index * 8) + table.readUInt32LE(index * 8 + 4) * 2 ** 32;
}
