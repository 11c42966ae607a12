import { type FileHandle, open, rename } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { systemCodeOf } from "../core/errors.ts";

/** Virus scanners and indexers on Windows hold new files for a moment; about 3 s in all. */
const renamePausesMs = [10, 20, 50, 100, 200, 400, 800, 1600];
const momentary = new Set(["EPERM", "EACCES", "EBUSY"]);

/** Gives a file its name, replacing what is there, and trying again while Windows has a hand on it. */
export async function renameFile(from: string, to: string): Promise<void> {
  const pausesMs = process.platform === "win32" ? renamePausesMs : [];
  for (const pauseMs of pausesMs) {
    try {
      return await rename(from, to);
    } catch (error) {
      if (!momentary.has(systemCodeOf(error) ?? "")) throw error;
      await sleep(pauseMs);
    }
  }
  await rename(from, to);
}

/**
 * Writes all of it. One write may take less than it was given, without an error, when a disk becomes full within it; the
 * next one then says so.
 */
export async function writeAll(file: Pick<FileHandle, "write">, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    if (bytesWritten === 0) throw Object.assign(new Error("ENOSPC: nothing more was written"), { code: "ENOSPC" });
    done += bytesWritten;
  }
}

/** Makes names in a folder survive a loss of power. Windows cannot open folders and needs no such thing. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
