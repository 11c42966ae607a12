import { join } from "node:path";
import { systemCodeOf } from "../core/errors.ts";
import type { Frame } from "../core/node.ts";
import { readOwnFile } from "../system/files/own-file.ts";
import type { FrameFormat } from "./check/frame-expectation.ts";
import { FrameLog } from "./frame-log.ts";
import { frameFileName } from "./frame-name.ts";
import { type FrameRecord, parseFrameRecord, standingRecords } from "./frame-record.ts";
import { moveAside } from "./refused-frames.ts";
import { storeFailed } from "./store-errors.ts";
import { type VerifyOptions, verifyFrames } from "./verify-frames.ts";

export interface StoredFramesOptions extends VerifyOptions {
  readonly framesFolder: string;
  readonly logPath: string;
  readonly format: FrameFormat;
  /** The frames that are looked for. */
  readonly frames: readonly Frame[];
}

/**
 * Proves the frames that are stored, and changes nothing: for making a video of them without rendering.
 *
 * @returns Of the frames looked for those that are there and good
 * @throws {FarmError} `FARM_STORE_FAILED` when the folder cannot be read
 */
export async function provedFrames(options: StoredFramesOptions): Promise<ReadonlyMap<Frame, FrameRecord>> {
  const { framesFolder, logPath, format, frames, signal } = options;
  try {
    const wanted = new Set(frames);
    const records = (await readRecords(logPath)).filter((record) => wanted.has(record.frame));
    return await verifyFrames(framesFolder, records, format, options);
  } catch (error) {
    signal?.throwIfAborted();
    throw await storeFailed("read the stored frames", framesFolder, error);
  }
}

/** Whether a record of each of these frames is there: the proof is only worth its time when it is. */
export async function areRecorded(frames: readonly Frame[], logPath: string): Promise<boolean> {
  const recorded = standingRecords(await readRecords(logPath));
  return frames.every((frame) => recorded.has(frame));
}

/**
 * Takes a frame out of the store that nobody has open: see `FrameStore.setAside`.
 *
 * @throws {FarmError} `FARM_STORE_FAILED`
 */
export async function setFrameAside(
  { framesFolder, framesLogPath }: { readonly framesFolder: string; readonly framesLogPath: string },
  record: FrameRecord,
  refused: string,
): Promise<string> {
  try {
    await using log = await FrameLog.open(framesLogPath);
    return await moveAside(log, framesFolder, { ...record, refused });
  } catch (error) {
    throw await storeFailed(`set frame ${record.frame} aside`, framesFolder, error);
  }
}

/** Where the file of a frame is, or would be. */
export function storedFramePath(framesFolder: string, frame: Frame): string {
  return join(framesFolder, frameFileName(frame));
}

/** A last line that a crash cut short, or one that was damaged, is left out. */
async function readRecords(logPath: string): Promise<FrameRecord[]> {
  const text = await readOwnFile(logPath).catch((error: unknown) => {
    if (systemCodeOf(error) === "ENOENT") return "";
    throw error;
  });
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  return whole
    .split("\n")
    .map(parseFrameRecord)
    .filter((record) => record !== null);
}
