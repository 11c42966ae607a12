import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { systemCodeOf } from "../core/errors.ts";
import type { Frame } from "../core/node.ts";
import { hashFile } from "../system/files/hash-file.ts";
import { requireOwnFolder } from "../system/files/own-file.ts";
import { checkFrameFile } from "./check/frame-check.ts";
import type { FrameFormat } from "./check/frame-expectation.ts";
import { frameFileName } from "./frame-name.ts";
import { type FrameRecord, standingRecords } from "./frame-record.ts";

/** The number of threads in Node's pool, which do the work. */
const atOnce = 4;

export interface VerifyOptions {
  /** Called with the number of files to be read. */
  readonly onChecking?: ((frames: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Finds the records whose files exist and are good. Of several records of one frame the last one counts.
 *
 * @returns The records by frame
 * @throws The signal's reason if aborted
 */
export async function verifyFrames(
  folder: string,
  records: readonly FrameRecord[],
  format: FrameFormat,
  options: VerifyOptions = {},
): Promise<Map<Frame, FrameRecord>> {
  const { onChecking, signal } = options;
  const latest = standingRecords(records);
  // A finished job has records, but no frames.
  const files = new Set(latest.size === 0 ? [] : await namesIn(folder));
  const here = [...latest.values()].filter((record) => files.has(frameFileName(record.frame)));
  if (here.length > 0) onChecking?.(here.length);
  const good = new Map<Frame, FrameRecord>();
  const waiting = here.values();
  const work = async () => {
    for (const record of waiting) {
      if (await isGood(join(folder, frameFileName(record.frame)), record, format, signal)) {
        good.set(record.frame, record);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return good;
}

/** Throws for an unreadable folder. If it counted as empty, its frames would be considered lost and removed. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    await requireOwnFolder(folder);
    return await readdir(folder);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw error;
  }
}

async function isGood(path: string, record: FrameRecord, format: FrameFormat, signal?: AbortSignal): Promise<boolean> {
  signal?.throwIfAborted();
  try {
    const stats = await lstat(path);
    if (!stats.isFile() || stats.size !== record.sizeBytes) return false;
    if ((await hashFile(path, signal)) !== record.sha256) return false;
    // The digest shows that the file is unchanged; the check shows that it is what this run needs.
    return (await checkFrameFile(path, { ...format, frame: record.frame }, signal)).ok;
  } catch (error) {
    signal?.throwIfAborted();
    // A bad disk reports EIO for a file that it has lost.
    if (["ENOENT", "EIO", "ENOTDIR"].includes(systemCodeOf(error) ?? "")) return false;
    throw error;
  }
}
