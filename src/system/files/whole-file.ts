import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { discard, openFile, renameFile } from "./held-files.ts";

/**
 * Writes a small file whole or not at all. What has that name is replaced, whatever it is: a link is not followed, since
 * the folder may have come from anybody. Its folder must be there.
 *
 * @param mode Of the new file, before the umask (default: that of any new file)
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
