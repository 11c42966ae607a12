import { lstat, readdir } from "node:fs/promises";
import { systemCodeOf } from "../core/errors.ts";
import type { Frame } from "../core/node.ts";
import { hashFile } from "../system/files/hash-file.ts";
import { requireOwnFolder } from "../system/files/own-file.ts";
import { checkFrameFile } from "./check/frame-check.ts";
import { frameFileName } from "./frame-name.ts";
import { type FrameRecord, standingRecords } from "./frame-record.ts";
import type { AnnouncedFile } from "./incoming-file.ts";
import { faultOfPicture, type PicturesExpectation } from "./pictures/frame-pictures.ts";
import { storedFramePath, storedPictures } from "./pictures/stored-files.ts";

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
  expected: PicturesExpectation,
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
      if (await isWhole(folder, record, expected, signal)) {
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

/** The digest shows that a file is unchanged; the check shows that it is what this run needs. */
async function isWhole(
  folder: string,
  record: FrameRecord,
  expected: PicturesExpectation,
  signal?: AbortSignal,
): Promise<boolean> {
  const { frame } = record;
  const path = storedFramePath(folder, frame);
  const isFrame = async () => (await checkFrameFile(path, { ...expected.format, frame }, signal)).ok;
  if (!(await isGood(path, record, isFrame, signal))) return false;
  for (const picture of storedPictures(folder, record)) {
    const isIt = async () => (await faultOfPicture(picture.path, frame, picture, expected, signal)) === null;
    if (!(await isGood(picture.path, picture, isIt, signal))) return false;
  }
  return true;
}

async function isGood(
  path: string,
  { sizeBytes, sha256 }: AnnouncedFile,
  isIt: () => Promise<boolean>,
  signal?: AbortSignal,
): Promise<boolean> {
  signal?.throwIfAborted();
  try {
    const stats = await lstat(path);
    if (!stats.isFile() || stats.size !== sizeBytes) return false;
    if ((await hashFile(path, signal)) !== sha256) return false;
    return await isIt();
  } catch (error) {
    signal?.throwIfAborted();
    // A bad disk reports EIO for a file that it has lost.
    if (["ENOENT", "EIO", "ENOTDIR"].includes(systemCodeOf(error) ?? "")) return false;
    throw error;
  }
}
