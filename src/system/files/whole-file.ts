import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { discard, openFile, renameFile } from "./held-files.ts";

/**
 * Writes a small file, completely or not at all. Anything with that name is replaced. A link is not followed, because
 * the folder may have come from anybody. The folder must exist.
 *
 * @param mode Mode of the new file, before the umask (default: that of any new file)
 */
export async function replaceFile(path: string, text: string, mode?: number): Promise<void> {
  const part = join(dirname(path), `.renderfarm-${randomBytes(8).toString("hex")}.part`);
  const file = await openFile(part, "wx", mode);
  try {
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await renameFile(part, path);
  } catch (error) {
    await discard(part);
    throw error;
  }
}
