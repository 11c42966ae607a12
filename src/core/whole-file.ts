import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import writeFileAtomic from "write-file-atomic";

/** Who may read a file of ours: its owner alone, unless it is meant for others. */
const ownerOnly = { file: 0o600, folder: 0o700 };

/**
 * Writes a small file whole or not at all, whatever happens meanwhile. A folder that is missing is made.
 *
 * @param isPrivate Whether nobody but its owner may read it
 */
export async function writeWholeFile(path: string, text: string, isPrivate: boolean): Promise<void> {
  await mkdir(dirname(path), { recursive: true, ...(isPrivate && { mode: ownerOnly.folder }) });
  await writeFileAtomic(path, text, isPrivate ? { mode: ownerOnly.file } : {});
}
