import { systemCodeOf } from "../core/errors.ts";
import type { Frame } from "../core/node.ts";
import type { PictureForm } from "../core/pictures/picture-form.ts";
import { readOwnFile } from "../system/files/own-file.ts";
import type { FrameFormat } from "./check/frame-expectation.ts";
import { FrameLog } from "./frame-log.ts";
import { type FrameRecord, parseFrameRecord, standingRecords } from "./frame-record.ts";
import { listsPictures } from "./pictures/frame-pictures.ts";
import { moveAside } from "./set-aside.ts";
import { storeFailed } from "./store-errors.ts";
import { type VerifyOptions, verifyFrames } from "./verify-frames.ts";

export interface StoredFramesOptions extends VerifyOptions {
  readonly framesFolder: string;
  readonly logPath: string;
  readonly format: FrameFormat;
  /** What pictures come beside each frame's PNG. */
  readonly pictures: PictureForm;
  /** The frames to look for. */
  readonly frames: readonly Frame[];
}

/**
 * Checks the stored frames, without changing anything, for encoding them without rendering.
 *
 * @returns Those of the frames that exist and are good
 * @throws {FarmError} `FARM_STORE_FAILED` if the folder cannot be read
 */
export async function provedFrames(options: StoredFramesOptions): Promise<ReadonlyMap<Frame, FrameRecord>> {
  const { framesFolder, logPath, format, pictures: form, frames, signal } = options;
  try {
    const wanted = new Set(frames);
    const records = (await readRecords(logPath)).filter(
      (record) => wanted.has(record.frame) && listsPictures(record, form),
    );
    return await verifyFrames(framesFolder, records, { format, form }, options);
  } catch (error) {
    signal?.throwIfAborted();
    throw await storeFailed("read the stored frames", framesFolder, error);
  }
}

/** The records of the frames that count as stored, whether their files are still there or not. */
export async function standingIn(logPath: string): Promise<ReadonlyMap<Frame, FrameRecord>> {
  return standingRecords(await readRecords(logPath));
}

/** Whether each of these frames has a record: only then are the frames worth checking. */
export async function areRecorded(frames: readonly Frame[], logPath: string): Promise<boolean> {
  const recorded = standingRecords(await readRecords(logPath));
  return frames.every((frame) => recorded.has(frame));
}

/**
 * Moves a refused frame out of a store that nobody has open: see `FrameStore.setAside`.
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

/** Skips damaged lines, such as a last line that a crash cut short. */
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
