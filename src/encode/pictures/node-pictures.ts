import { readdir, stat } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { systemCodeOf } from "../../core/errors.ts";
import { hasNumber, nameOfPicture } from "../../core/pictures/picture-names.ts";
import { removeFile } from "../../system/files/held-files.ts";
import { outputFailed } from "../output-errors.ts";
import { prepareFolder } from "../output-target.ts";
import {
  isSamePicture,
  placePicture,
  removePicture,
  requireFree,
  requirePlaced,
  syncPictures,
  wholeNameOf,
} from "./place-picture.ts";

/** A stored picture of a File Output node. */
interface NodePicture {
  /** The path under which its user expects it, with slashes. */
  readonly name: string;
  /** Its file in the store. */
  readonly path: string;
}

export interface NodePicturesOptions {
  /** The folder for them; made when the first one comes. */
  readonly folder: string;
  /** The frames of the job, sorted. */
  readonly frames: readonly number[];
  /** The pictures of a stored frame; `undefined` while the frame is not stored. */
  readonly picturesOf: (frame: number) => readonly NodePicture[] | undefined;
  /** Whether the scene is known to have such nodes: otherwise the folder may be anybody's, and nothing is written to it. */
  readonly isExpected: boolean;
  readonly jobId: string;
  readonly overwrite: boolean;
}

/** What is in the folder in the end. */
export interface PlacedPictures {
  readonly folder: string;
  readonly files: number;
  readonly sizeBytes: number;
  /** The most pictures that a frame has, and the frames that have fewer. */
  readonly perFrame: number;
  readonly fewer: readonly number[];
}

/**
 * The pictures of File Output nodes, under their own names in a folder of their own. Each is written completely or not at
 * all. A file that is none of them is only replaced if the user asked for that.
 */
export class NodePictures {
  /** Other files in the folder, as an earlier and longer render leaves them. They stay. */
  readonly others: string[] = [];
  readonly #options: NodePicturesOptions;

  private constructor(options: NodePicturesOptions) {
    this.#options = options;
  }

  /**
   * Checks that the folder is free, or holds pictures of this job only, if pictures are expected.
   *
   * @throws {FarmError} `FARM_OUTPUT_EXISTS` naming the files in the way
   */
  static async open(options: NodePicturesOptions): Promise<NodePictures> {
    const pictures = new NodePictures(options);
    if (options.isExpected) await requireFree(options.folder, () => pictures.#inTheWay());
    return pictures;
  }

  /**
   * Puts a stored frame's pictures under their names.
   *
   * @throws {FarmError} `FARM_OUTPUT_EXISTS`, `FARM_OUTPUT_UNWRITABLE`
   */
  async place(frame: number): Promise<void> {
    for (const { source, path } of this.#filesOf(frame)) {
      try {
        await prepareFolder(dirname(path), path);
        await placePicture(source, path, this.#options);
      } catch (error) {
        const { size } = await stat(source).catch(() => ({ size: 0 }));
        throw await outputFailed(path, error, { neededBytes: size });
      }
    }
  }

  /**
   * Removes a frame's pictures again, those that are the stored ones.
   *
   * @throws {FarmError} `FARM_OUTPUT_UNWRITABLE`
   */
  async remove(frame: number): Promise<void> {
    for (const { source, path } of this.#filesOf(frame)) await removePicture(source, path);
  }

  /**
   * Checks that every picture is there, with the same size as in the store.
   *
   * @returns `null` if there are none
   * @throws {FarmError} `FARM_VIDEO_INCOMPLETE` naming the first wrong one; `FARM_STORE_FAILED` if one is missing from the
   * store, `FARM_OUTPUT_UNWRITABLE`
   */
  async finish(again?: string): Promise<PlacedPictures | null> {
    const { frames, folder } = this.#options;
    const counts = new Map<number, number>();
    const folders = new Set<string>();
    let sizeBytes = 0;
    for (const frame of frames) {
      const files = this.#filesOf(frame);
      counts.set(frame, files.length);
      for (const { source, path } of files) {
        sizeBytes += await requirePlaced(source, path, again);
        folders.add(dirname(path));
      }
    }
    for (const each of folders) await syncPictures(each);
    const perFrame = [...counts.values()].reduce((most, count) => Math.max(most, count), 0);
    if (perFrame === 0) return null;
    const files = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const fewer = frames.filter((frame) => (counts.get(frame) ?? 0) < perFrame);
    return { folder, files, sizeBytes, perFrame, fewer };
  }

  #filesOf(frame: number): readonly { readonly source: string; readonly path: string }[] {
    const { folder, picturesOf } = this.#options;
    return (picturesOf(frame) ?? []).map(({ name, path }) => ({
      source: path,
      path: nodePicturePath(folder, name, frame),
    }));
  }

  /**
   * Files in the folder that must not be replaced: those with the number of a frame of the job. Others are only noted. Parts
   * of this job's pictures that killed coordinators have left are removed.
   */
  async #inTheWay(): Promise<readonly string[]> {
    const { folder, frames, overwrite } = this.#options;
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
      if (systemCodeOf(error) === "ENOENT") return [];
      throw error;
    });
    if (entries.length === 0) return [];
    const numbers = new Set(frames);
    const files = frames.flatMap((frame) => this.#filesOf(frame));
    const ours = new Map(files.map(({ source, path }) => [key(folder, path), source]));
    const inTheWay: string[] = [];
    for (const entry of entries) {
      if (entry.isDirectory() || entry.name.startsWith(".")) continue;
      const path = join(entry.parentPath, entry.name);
      const whole = wholeNameOf(entry.name);
      if (whole !== undefined && ours.has(key(folder, join(entry.parentPath, whole)))) {
        await removeFile(path);
        continue;
      }
      const source = ours.get(key(folder, path));
      if (source !== undefined && (await isSamePicture(source, path))) continue;
      if (!hasNumber(entry.name, numbers)) this.others.push(key(folder, path));
      else if (!overwrite) inTheWay.push(path);
    }
    this.others.sort();
    return inTheWay.sort();
  }
}

/** Where a frame's picture of that name goes. @param name With slashes */
export function nodePicturePath(folder: string, name: string, frame: number): string {
  return join(folder, ...nameOfPicture(name, frame).split("/"));
}

/** How a file of the folder is found again: some file systems return names in decomposed form. */
function key(folder: string, path: string): string {
  return relative(folder, path).split(sep).join("/").normalize();
}
