import { FarmError } from "../core/errors.ts";
import { openOwnFile } from "../system/files/own-file.ts";
import { frameUnreadable } from "./encode-errors.ts";

/** How much of a frame file is read at a time, in bytes. */
const pieceBytes = 256 * 1024;

/**
 * Reads a frame file in pieces.
 *
 * @throws {FarmError} `FARM_STORE_FAILED` naming the file, `FARM_UNSAFE_PATH` if it is a link
 */
export async function* piecesOf(path: string): AsyncGenerator<Uint8Array> {
  const file = await openOwnFile(path).catch((error: unknown) => {
    throw error instanceof FarmError ? error : frameUnreadable(path, error);
  });
  const pieces = file.createReadStream({ highWaterMark: pieceBytes })[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { value, done } = await pieces.next().catch((error: unknown) => {
        throw frameUnreadable(path, error);
      });
      if (done) return;
      yield value;
    }
  } finally {
    await pieces.return?.();
  }
}
