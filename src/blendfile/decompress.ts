import { createGunzip } from "node:zlib";
import { Decompress } from "fzstd";
import { openRegularFile } from "../system/files/regular-file.ts";

const pieceBytes = 256 * 1024;

/**
 * Reads a blendfile, decompressed: gzip up to Blender 2.93, zstd since 3.0, and only if the artist chose compression.
 *
 * @throws {Error} If it cannot be read, or its compression is damaged
 */
export async function* decompressed(path: string): AsyncGenerator<Uint8Array> {
  const file = await openRegularFile(path);
  try {
    const { buffer: head } = await file.read({ buffer: Buffer.alloc(4), position: 0 });
    const source = file.createReadStream({ start: 0, highWaterMark: pieceBytes, autoClose: false });
    if (head.readUInt16BE() === 0x1f8b) yield* source.pipe(createGunzip());
    else if (head.readUInt32LE() === 0xfd2fb528) yield* unzstd(source);
    else yield* source;
  } finally {
    await file.close();
  }
}

async function* unzstd(source: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const stream = new Decompress((piece) => pieces.push(piece));
  for await (const packed of source) {
    stream.push(packed);
    yield* pieces.splice(0);
  }
}
