import { dirname, join } from "node:path";
import { syncFolder } from "../system/files/durable.ts";
import { moveIfThere, renameFile } from "../system/files/held-files.ts";
import type { FrameLog } from "./frame-log.ts";
import { frameFileName, pictureFileName } from "./frame-name.ts";
import type { FrameRecord } from "./frame-record.ts";
import { makeOwnFolder } from "./own-names.ts";

/** Beside the folder of frames. It stays after the job, so that people can find out what was wrong. */
const folderName = "refused";

/**
 * Records that a frame was refused or doubted, and moves its file out of the folder of frames, where people can examine it.
 *
 * @param record A record with `refused` or `doubted`
 * @returns The new path of the file
 */
export async function moveAside(log: FrameLog, framesFolder: string, record: FrameRecord): Promise<string> {
  // In this order: a file without a valid record is removed when the store is opened, and never counts as a frame.
  await log.append(record);
  const folder = join(dirname(framesFolder), folderName);
  await makeOwnFolder(folder);
  const name = frameFileName(record.frame);
  const path = join(folder, name.replace(/\.png$/, `.${record.sha256.slice(0, 8)}.png`));
  for (const index of (record.pictures ?? []).keys()) {
    const picture = pictureFileName(record.frame, index);
    const kept = picture.replace(/\.(\d{3}\.picture)$/, `.${record.sha256.slice(0, 8)}.$1`);
    await moveIfThere(join(framesFolder, picture), join(folder, kept));
  }
  await renameFile(join(framesFolder, name), path);
  await syncFolder(folder);
  await syncFolder(framesFolder);
  return path;
}
