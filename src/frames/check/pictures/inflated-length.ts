import { finished } from "node:stream/promises";
import { createInflate } from "node:zlib";
import { messageOf } from "../../../core/errors.ts";

const smallestChunk = 64;
const largestChunk = 256 * 1024;

/**
 * Decompresses zlib data, and compares its length. Nothing is kept, so memory stays below 1 MiB for any length, and
 * nothing is decompressed after the first surplus byte.
 *
 * @param pieces The data, which must end where the zlib stream ends
 * @param expectedBytes How many bytes it must decompress to
 * @returns What is wrong with it; `null` if nothing is
 */
export async function faultOfZlib(pieces: AsyncIterable<Uint8Array>, expectedBytes: number): Promise<string | null> {
  const inflate = createInflate({ chunkSize: Math.min(largestChunk, Math.max(smallestChunk, expectedBytes + 1)) });
  const closed = new Promise((resolve) => inflate.once("close", resolve));
  const faults: string[] = [];
  let unpackedBytes = 0;
  let packedBytes = 0;
  inflate.on("error", (error) => {
    faults.push(`they cannot be decompressed (${messageOf(error)})`);
  });
  inflate.on("data", (bytes: Buffer) => {
    unpackedBytes += bytes.length;
    if (unpackedBytes <= expectedBytes) return;
    faults.push("they decompress to more than their size allows");
    inflate.destroy();
  });
  try {
    for await (const piece of pieces) {
      packedBytes += piece.length;
      // zlib does not call back for a write that fails; the stream closes instead.
      const written = new Promise<void>((resolve) => inflate.write(piece, () => resolve()));
      await Promise.race([written, closed]);
      if (faults[0] !== undefined) return faults[0];
    }
    inflate.end();
    await finished(inflate).catch((error: unknown) => {
      faults.push(`they cannot be decompressed (${messageOf(error)})`);
    });
    if (faults[0] !== undefined) return faults[0];
    if (unpackedBytes < expectedBytes) return `only ${unpackedBytes} of ${expectedBytes} bytes are there`;
    return inflate.bytesWritten === packedBytes ? null : "bytes follow their end";
  } finally {
    inflate.destroy();
  }
}
