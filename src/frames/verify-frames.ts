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

/** As many as there are threads in Node's pool, which do the work. */
const atOnce = 4;

export interface VerifyOptions {
  /** Told how many files will be read. */
  readonly onChecking?: ((frames: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Answers the records whose files are there and good, by frame. Of several records of one frame the last one counts.
 *
 * @throws The signal's reason when aborted
 */
export async function verifyFrames(
  folder: string,
  records: readonly FrameRecord[],
  format: FrameFormat,
  options: VerifyOptions = {},
): Promise<Map<Frame, FrameRecord>> {
  const { onChecking, signal } = options;
  const latest = standingRecords(records);
  // Of a job that had finished the records are there, and no frames.
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

/** A folder that cannot be read is not an empty one: its frames would be taken for lost, and removed. */
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
    // The digest says that it is what was stored; the check, that it is what this run wants.
    return (await checkFrameFile(path, { ...format, frame: record.frame }, signal)).ok;
  } catch (error) {
    signal?.throwIfAborted();
    // EIO is a bad disk's word for a file it lost.
    if (["ENOENT", "EIO", "ENOTDIR"].includes(systemCodeOf(error) ?? "")) return false;
    throw error;
  }
}
