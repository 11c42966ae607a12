import type { FileHandle } from "node:fs/promises";
import { openOwnFile } from "../../system/files/own-file.ts";
import { FrameFaultFound, type FrameVerdict } from "./frame-expectation.ts";
import type { ByteSource } from "./png-chunks.ts";

const windowBytes = 256 * 1024;

/**
 * Opens a picture and inspects it.
 *
 * @param inspect Returns the colour of a flat picture, else `null`; throws `FrameFaultFound` at the first fault
 * @throws `FARM_UNSAFE_PATH` if it is a link; the system's error if it cannot be read; what `inspect` throws besides
 */
export async function checkOwnFile(
  path: string,
  inspect: (source: ByteSource) => Promise<string | null>,
): Promise<FrameVerdict> {
  const file = await openOwnFile(path);
  try {
    const { size } = await file.stat();
    return { ok: true, flat: await inspect(fileSource(file, size)) };
  } catch (error) {
    if (error instanceof FrameFaultFound) return { ok: false, code: error.code, message: error.message };
    throw error;
  } finally {
    await file.close();
  }
}

/** Reads ahead: a PNG has a chunk every 8 KiB, and each read is a round trip to a thread. */
export function fileSource(file: FileHandle, sizeBytes: number): ByteSource {
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
