import { type FileHandle, open } from "node:fs/promises";
import { openFile } from "./held-files.ts";

/**
 * Writes all bytes. If the disk becomes full during a write, it may write less without an error; the next write then
 * fails.
 */
export async function writeAll(file: Pick<FileHandle, "write">, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    if (bytesWritten === 0) throw Object.assign(new Error("ENOSPC: nothing more was written"), { code: "ENOSPC" });
    done += bytesWritten;
  }
}

/** Makes a file's bytes survive a loss of power. On Windows this needs a file that is open for writing. */
export async function syncFile(path: string): Promise<void> {
  const file = await openFile(path, process.platform === "win32" ? "r+" : "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the names in a folder survive a loss of power. Windows cannot open folders, and does not need this. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
