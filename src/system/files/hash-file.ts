import { createHash } from "node:crypto";
import { openRegularFile } from "./regular-file.ts";

const smallBytes = 256 * 1024;

/**
 * SHA-256 of a file, in 64 hexadecimal digits. Reads it as a stream.
 *
 * @throws {NotRegularFileError} If it is, for example, a named pipe, which would never end
 */
export async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  const file = await openRegularFile(path);
  const { size } = await file.stat();
  if (size <= smallBytes) {
    try {
      return hash.update(await file.readFile()).digest("hex"); // a stream costs more than the file
    } finally {
      await file.close();
    }
  }
  for await (const piece of file.createReadStream({ highWaterMark: 1024 * 1024 })) {
    signal?.throwIfAborted();
    hash.update(piece);
  }
  return hash.digest("hex");
}
