import { finished } from "node:stream/promises";
import { createInflate, inflateSync } from "node:zlib";
import { messageOf } from "../../../core/errors.ts";

/** Less than a millisecond of the event loop. A picture can have thousands of such pieces, and threads cost more. */
const mostAtOnce = 128 * 1024;
const smallestChunk = 64;
const largestChunk = 256 * 1024;

const tooMuch = "they decompress to more than their size allows";

/** Data of zlib, and what it must be. */
interface ZlibData {
  /** They must end where the zlib stream ends. */
  readonly pieces: AsyncIterable<Uint8Array>;
  readonly packedBytes: number;
  /** How many bytes they must decompress to. */
  readonly rawBytes: number;
}

/**
 * Decompresses zlib data, and compares its length. Nothing is kept, so memory stays below 1 MiB for any length, and
 * nothing is decompressed after the first surplus byte.
 *
 * @returns What is wrong with it; `null` if nothing is
 */
export async function faultOfZlib(data: ZlibData): Promise<string | null> {
  return Math.max(data.packedBytes, data.rawBytes) <= mostAtOnce ? await faultAtOnce(data) : await faultInPieces(data);
}

async function faultAtOnce({ pieces, packedBytes, rawBytes }: ZlibData): Promise<string | null> {
  const packed: Uint8Array[] = [];
  for await (const piece of pieces) packed.push(piece);
  try {
    const options = {
      maxOutputLength: Math.max(1, rawBytes),
      chunkSize: Math.max(smallestChunk, rawBytes + 1),
      info: true,
    };
    // Node's types do not describe the result with `info`.
    const result = inflateSync(Buffer.concat(packed), options) as unknown as {
      readonly buffer: Buffer;
      readonly engine: { readonly bytesWritten: number };
    };
    return faultOfLengths(result.buffer.length, result.engine.bytesWritten, { packedBytes, rawBytes });
  } catch (error) {
    return undecodable(error);
  }
}

async function faultInPieces({ pieces, packedBytes, rawBytes }: ZlibData): Promise<string | null> {
  const inflate = createInflate({ chunkSize: Math.min(largestChunk, Math.max(smallestChunk, rawBytes + 1)) });
  const closed = new Promise((resolve) => inflate.once("close", resolve));
  const faults: string[] = [];
  let unpackedBytes = 0;
  inflate.on("error", (error) => faults.push(undecodable(error)));
  inflate.on("data", (bytes: Buffer) => {
    unpackedBytes += bytes.length;
    if (unpackedBytes <= rawBytes) return;
    faults.push(tooMuch);
    inflate.destroy();
  });
  try {
    for await (const piece of pieces) {
      // zlib does not call back for a write that fails; the stream closes instead.
      const written = new Promise<void>((resolve) => inflate.write(piece, () => resolve()));
      await Promise.race([written, closed]);
      if (faults[0] !== undefined) return faults[0];
    }
    inflate.end();
    await finished(inflate).catch((error: unknown) => faults.push(undecodable(error)));
    return faults[0] ?? faultOfLengths(unpackedBytes, inflate.bytesWritten, { packedBytes, rawBytes });
  } finally {
    inflate.destroy();
  }
}

function faultOfLengths(
  unpackedBytes: number,
  usedBytes: number,
  { packedBytes, rawBytes }: { readonly packedBytes: number; readonly rawBytes: number },
): string | null {
  if (unpackedBytes > rawBytes) return tooMuch;
  if (unpackedBytes < rawBytes) return `only ${unpackedBytes} of ${rawBytes} bytes are there`;
  return usedBytes === packedBytes ? null : "bytes follow their end";
}

function undecodable(error: unknown): string {
  return `they cannot be decompressed (${messageOf(error)})`;
}
