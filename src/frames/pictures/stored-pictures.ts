import { join } from "node:path";
import { pictureFileName } from "../frame-name.ts";
import type { FrameRecord, PictureRecord } from "../frame-record.ts";

/** A picture of a stored frame, and its file. */
export interface StoredPicture extends PictureRecord {
  readonly path: string;
}

/** The pictures of a stored frame. */
export function storedPictures(framesFolder: string, { frame, pictures = [] }: FrameRecord): readonly StoredPicture[] {
  return pictures.map((picture, index) => ({ ...picture, path: join(framesFolder, pictureFileName(frame, index)) }));
}
