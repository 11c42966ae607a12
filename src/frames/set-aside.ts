import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Frame } from "../core/node.ts";
import { syncFolder } from "../system/files/durable.ts";
import { moveIfThere, renameFile } from "../system/files/held-files.ts";
import type { FrameLog } from "./frame-log.ts";
import { frameFileName, pictureFileName } from "./frame-name.ts";
import { type FrameRecord, standingRecords } from "./frame-record.ts";
import { makeOwnFolder } from "./own-names.ts";
import { storedFramePath, storedPictures } from "./pictures/stored-files.ts";

/** Beside the folder of frames. It stays after the job, so that people can find out what was wrong. */
const refusedFolder = "refused";

/** Frames that are not used any more, and where they are kept. */
export interface OutdatedFrames {
  /** Sorted. */
  readonly frames: readonly Frame[];
  readonly folder: string;
  /** Whether some of them lack pictures that are wanted now. */
  readonly lackPictures: boolean;
}

/** A new folder beside that of the frames, for frames that are kept and not used. It is not made. */
export function asideFolderOf(framesFolder: string): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
  return `${framesFolder}.${time}.${randomBytes(2).toString("hex")}`;
}

/**
 * Moves stored frames away that may not be used any more. Their records stay: without its file, a record counts for
 * nothing.
 *
 * @param hasPictures Whether a frame has the pictures that are wanted now
 * @returns `null` if there are none
 */
export async function moveOutdated(
  framesFolder: string,
  records: readonly FrameRecord[],
  isCurrent: (record: FrameRecord) => boolean,
  hasPictures: (record: FrameRecord) => boolean,
): Promise<OutdatedFrames | null> {
  const files = new Set(await readdir(framesFolder));
  const standing = [...standingRecords(records).values()].filter(({ frame }) => files.has(frameFileName(frame)));
  const old = standing.filter((record) => !isCurrent(record));
  const outdated = old.map(({ frame }) => frame);
  if (outdated.length === 0) return null;
  const folder = asideFolderOf(framesFolder);
  await makeOwnFolder(folder);
  for (const record of old) await moveFiles(framesFolder, record, folder);
  await syncFolder(folder);
  await syncFolder(framesFolder);
  const lackPictures = old.some((record) => !hasPictures(record));
  return { frames: outdated.sort((one, other) => one - other), folder, lackPictures };
}

/**
 * Records that a frame was refused or doubted, and moves its files out of the folder of frames, where people can examine
 * them.
 *
 * @param record A record with `refused` or `doubted`
 * @returns The new path of the frame
 */
export async function moveAside(log: FrameLog, framesFolder: string, record: FrameRecord): Promise<string> {
  // In this order: a file without a valid record is removed when the store is opened, and never counts as a frame.
  await log.append(record);
  const folder = join(dirname(framesFolder), refusedFolder);
  await makeOwnFolder(folder);
  const path = await moveFiles(framesFolder, record, folder, record.sha256.slice(0, 8));
  await syncFolder(folder);
  await syncFolder(framesFolder);
  return path;
}

/** Moves a frame's files to another folder. @param tag See `frameFileName` @returns The new path of the frame */
async function moveFiles(framesFolder: string, record: FrameRecord, folder: string, tag?: string): Promise<string> {
  const { frame } = record;
  for (const [index, picture] of storedPictures(framesFolder, record).entries()) {
    await moveIfThere(picture.path, join(folder, pictureFileName(frame, index, tag)));
  }
  const path = join(folder, frameFileName(frame, tag));
  await renameFile(storedFramePath(framesFolder, frame), path);
  return path;
}
