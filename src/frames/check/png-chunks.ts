import { crc32 } from "node:zlib";
import { FrameFaultFound } from "./frame-expectation.ts";

/** Bytes that can be read at any position: an open file or a buffer. */
export interface ByteSource {
  readonly sizeBytes: number;
  /** Reads exactly that many bytes, or fewer if the source ends there. The caller may keep them. */
  read(position: number, length: number): Promise<Uint8Array>;
}

export interface Chunk {
  /** Four letters, for example "IDAT". */
  readonly type: string;
  readonly lengthBytes: number;
  /** The data in pieces; the checksum is compared after the last one. */
  readonly pieces: AsyncIterable<Uint8Array>;
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Small enough that hashing a piece takes less than a millisecond of the event loop. */
const pieceBytes = 256 * 1024;

/**
 * Reads the chunks of a PNG and checks each: its length, its checksum, that `IEND` is last and nothing follows.
 *
 * Pieces of a chunk that the consumer does not read are read here, so that every checksum is compared.
 *
 * @throws {FrameFaultFound} At the first fault
 */
export async function* readChunks(source: ByteSource): AsyncGenerator<Chunk> {
  if (!signature.equals(await source.read(0, signature.length))) {
    throw new FrameFaultFound("NOT_A_PNG", "it does not start like a PNG");
  }
  let position = signature.length;
  for (;;) {
    const head = Buffer.from(await source.read(position, 8));
    if (head.length < 8)
      throw new FrameFaultFound("TRUNCATED", `it ends after ${source.sizeBytes} bytes, without IEND`);
    const lengthBytes = head.readUInt32BE(0);
    const type = head.toString("latin1", 4, 8);
    if (!/^[A-Za-z]{4}$/.test(type)) throw new FrameFaultFound("BAD_CHUNK", `there is no chunk at byte ${position}`);
    if (lengthBytes > 0x7fff_ffff) {
      throw new FrameFaultFound("BAD_CHUNK", `chunk ${type} claims an impossible length: ${lengthBytes}`);
    }
    const end = position + 12 + lengthBytes;
    if (end > source.sizeBytes) {
      throw new FrameFaultFound("TRUNCATED", `chunk ${type} at byte ${position} reaches beyond the end of the file`);
    }
    const pieces = readPieces(source, type, position + 4, lengthBytes);
    yield { type, lengthBytes, pieces };
    for await (const _ of pieces); // pieces that the consumer did not read
    position = end;
    if (type !== "IEND") continue;
    if (position === source.sizeBytes) return;
    throw new FrameFaultFound("TRAILING_BYTES", `${source.sizeBytes - position} bytes follow its end`);
  }
}

/** `start` is the offset of the type, which the checksum covers too. */
async function* readPieces(source: ByteSource, type: string, start: number, length: number) {
  let sum = crc32(Buffer.from(type, "latin1"));
  let position = start + 4;
  const end = position + length;
  while (position < end) {
    const piece = await source.read(position, Math.min(pieceBytes, end - position));
    if (piece.length === 0) throw new FrameFaultFound("TRUNCATED", `it ends within chunk ${type}`);
    sum = crc32(piece, sum);
    position += piece.length;
    yield piece;
  }
  const stored = Buffer.from(await source.read(end, 4));
  if (stored.length < 4) throw new FrameFaultFound("TRUNCATED", `it ends within chunk ${type}`);
  if (stored.readUInt32BE(0) !== sum) {
    throw new FrameFaultFound("BAD_CHECKSUM", `the checksum of chunk ${type} at byte ${start - 4} is wrong`);
  }
}
