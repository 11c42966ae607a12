import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Frame } from "../core/node.ts";
import { syncFolder } from "../system/files/durable.ts";
import { moveIfThere, renameFile } from "../system/files/held-files.ts";
import { frameFileName, pictureFileName } from "./frame-name.ts";
import { type FrameRecord, standingRecords } from "./frame-record.ts";
import { makeOwnFolder } from "./own-names.ts";

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
  for (const { frame, pictures = [] } of old) {
    for (const index of pictures.keys()) {
      const name = pictureFileName(frame, index);
      await moveIfThere(join(framesFolder, name), join(folder, name));
    }
    const name = frameFileName(frame);
    await renameFile(join(framesFolder, name), join(folder, name));
  }
  await syncFolder(folder);
  await syncFolder(framesFolder);
  const lackPictures = old.some((record) => !hasPictures(record));
  return { frames: outdated.sort((one, other) => one - other), folder, lackPictures };
}
