import { createHash } from "node:crypto";
import { openRegularFile } from "./regular-file.ts";

/**
 * SHA-256 of a file, in 64 hexadecimal digits. Reads it as a stream.
 *
 * @throws {NotRegularFileError} If it is, for example, a named pipe, which would never end
 */
export async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  const file = await openRegularFile(path);
  for await (const piece of file.createReadStream({ highWaterMark: 1024 * 1024 })) {
    signal?.throwIfAborted();
    hash.update(piece);
  }
  return hash.digest("hex");
}
