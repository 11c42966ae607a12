import { lstat, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { systemCodeOf } from "../../core/errors.ts";
import { removeFile } from "../../system/files/held-files.ts";
import type { FinishedOutput } from "../finished-video.ts";
import { outputFailed } from "../output-errors.ts";
import { prepareFolder, shortName } from "../output-target.ts";
import { type FrameNames, frameNameOf, framePathOf } from "./frame-names.ts";
import {
  isSamePicture,
  isThere,
  placePicture,
  removePicture,
  requireFree,
  requirePlaced,
  syncPictures,
  wholeNameOf,
} from "./place-picture.ts";

export interface ImageSequenceOptions {
  readonly names: FrameNames;
  /** The output as the user typed it. */
  readonly output: string;
  /** The frames of the job, sorted. */
  readonly frames: readonly number[];
  /** The path of the file of a stored frame that has this picture; `undefined` while the frame is not stored. */
  readonly sourceOf: (frame: number) => string | undefined;
  readonly jobId: string;
  readonly overwrite: boolean;
}

/**
 * An image sequence: the frames under the names that Blender would give them. A frame is written completely or not at
 * all. A file that is not one of this job's frames is only replaced if the user asked for that.
 */
export class ImageSequence {
  readonly #options: ImageSequenceOptions;
  readonly #placed = new Set<number>();

  private constructor(options: ImageSequenceOptions) {
    this.#options = options;
  }

  /**
   * Makes the folder, and checks that each frame's name is free or already holds that frame.
   *
   * @throws {FarmError} `FARM_OUTPUT_EXISTS` naming the files in the way, `FARM_OUTPUT_UNWRITABLE`
   */
  static async open(options: ImageSequenceOptions): Promise<ImageSequence> {
    const { folder } = options.names;
    await prepareFolder(folder);
    await requireFree(folder, async () => {
      await requirePossibleNames(options);
      return await inTheWayOf(options);
    });
    return new ImageSequence(options);
  }

  /**
   * Puts a stored frame under its name: as a hard link if the file system can, otherwise as a copy.
   *
   * @throws {FarmError} `FARM_OUTPUT_EXISTS`, `FARM_OUTPUT_UNWRITABLE`
   */
  async place(frame: number): Promise<void> {
    const { names, sourceOf } = this.#options;
    const path = framePathOf(names, frame);
    const source = sourceOf(frame);
    if (source === undefined) throw new Error(`Frame ${frame} is not stored`);
    try {
      await placePicture(source, path, this.#options);
      this.#placed.add(frame);
    } catch (error) {
      throw await outputFailed(path, error, { neededBytes: await this.#restBytes(source) });
    }
  }

  /**
   * Removes a frame's picture again, if it is the stored one.
   *
   * @returns Whether it had been placed
   * @throws {FarmError} `FARM_OUTPUT_UNWRITABLE`
   */
  async remove(frame: number): Promise<boolean> {
    const { names, sourceOf } = this.#options;
    const source = sourceOf(frame);
    if (source !== undefined) await removePicture(source, framePathOf(names, frame));
    return this.#placed.delete(frame);
  }

  /**
   * Checks that every frame is there, with the same size as in the store.
   *
   * @throws {FarmError} `FARM_VIDEO_INCOMPLETE` naming the first wrong one; `FARM_STORE_FAILED` if a frame is missing
   * from the store, `FARM_OUTPUT_UNWRITABLE`
   */
  async finish(again?: string): Promise<FinishedOutput> {
    const { names, frames, sourceOf, output } = this.#options;
    let sizeBytes = 0;
    for (const frame of frames) {
      const path = framePathOf(names, frame);
      sizeBytes += await requirePlaced(sourceOf(frame) ?? path, path, again);
    }
    await syncPictures(names.folder);
    return { output, frames: frames.length, sizeBytes };
  }

  /** The bytes that the remaining pictures would take if each were as large as this one. */
  async #restBytes(source: string): Promise<number> {
    const { size } = await stat(source).catch(() => ({ size: 0 }));
    return size * (this.#options.frames.length - this.#placed.size);
  }
}

/** Fails before anything is rendered if a name is too long for the file system. */
async function requirePossibleNames({ names, frames }: ImageSequenceOptions): Promise<void> {
  const longest = frames.reduce((name, frame) => {
    const other = frameNameOf(names, frame);
    return other.length > name.length ? other : name;
  }, "");
  await lstat(join(names.folder, longest)).catch((error: unknown) => {
    if (systemCodeOf(error) !== "ENOENT") throw error;
  });
}

/** Removes unfinished pictures from the folder. @returns Files in it that must not be replaced */
async function inTheWayOf({ names, frames, sourceOf, overwrite }: ImageSequenceOptions): Promise<string[]> {
  const there = new Set(await readdir(names.folder));
  await removeParts(names, frames, there);
  if (overwrite || there.size === 0) return [];
  const inTheWay: string[] = [];
  for (const frame of frames) {
    const [source, path] = [sourceOf(frame), framePathOf(names, frame)];
    // Ask the file system, not the list: BILD_0001.PNG may be the same file as bild_0001.png, and ä has two encodings.
    if (!(await isThere(path))) continue;
    if (source === undefined || !(await isSamePicture(source, path))) inTheWay.push(path);
  }
  return inTheWay;
}

/** Removes unfinished pictures of these frames that killed coordinators of any job have left. */
async function removeParts(names: FrameNames, frames: readonly number[], there: ReadonlySet<string>): Promise<void> {
  const ours = new Set(frames.map((frame) => shortName(frameNameOf(names, frame)).normalize()));
  for (const name of there) {
    const whole = wholeNameOf(name);
    if (whole !== undefined && ours.has(whole)) await removeFile(join(names.folder, name));
  }
}
