import { join } from "node:path";
import type { Frame } from "../../core/node.ts";
import { frameFileName, pictureFileName } from "../frame-name.ts";
import type { FrameRecord, PictureRecord } from "../frame-record.ts";

/** A picture of a frame, and its file in the store. */
export interface StoredPicture extends PictureRecord {
  readonly path: string;
}

/** The path of a frame's file, whether it exists or not. */
export function storedFramePath(framesFolder: string, frame: Frame): string {
  return join(framesFolder, frameFileName(frame));
}

/** The pictures of a frame, whether their files exist or not. */
export function storedPictures(framesFolder: string, { frame, pictures = [] }: FrameRecord): readonly StoredPicture[] {
  return pictures.map((picture, index) => ({ ...picture, path: join(framesFolder, pictureFileName(frame, index)) }));
}
