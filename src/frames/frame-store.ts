import type { Frame } from "../core/node.ts";
import { onlyPng, type PictureForm } from "../core/pictures/picture-form.ts";
import { syncFolder } from "../system/files/durable.ts";
import { discard, renameFile } from "../system/files/held-files.ts";
import type { FrameFormat } from "./check/frame-expectation.ts";
import { FrameLog } from "./frame-log.ts";
import { pictureOfFileName } from "./frame-name.ts";
import type { FrameRecord, PictureRecord } from "./frame-record.ts";
import { IncomingFrame, type ReceivedFile } from "./incoming-frame.ts";
import { frameOfOwnName, makeOwnFolder, removeOwnFiles } from "./own-names.ts";
import { listsPictures, placedNames } from "./pictures/frame-pictures.ts";
import { type StoredPicture, storedFramePath, storedPictures } from "./pictures/stored-files.ts";
import { moveAside, moveOutdated, type OutdatedFrames } from "./set-aside.ts";
import { FrameInvalidError, storeFailed } from "./store-errors.ts";
import { verifyFrames } from "./verify-frames.ts";

export interface FrameStoreOptions {
  /** The folder of the frames' files; made if missing. */
  readonly framesFolder: string;
  /** The path of `frames.ndjson`, the record of how each frame was made. */
  readonly logPath: string;
  /** The form that all frames of this job must have. */
  readonly format: FrameFormat;
  /** What pictures come beside each frame's PNG (default: none). */
  readonly pictures?: PictureForm;
  /** Whether a frame of an earlier run may still be used (default: it may). */
  readonly isCurrent?: (record: FrameRecord) => boolean;
  /** Called if there are frames of earlier runs to be checked, which may take a while. */
  readonly onChecking?: (frames: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * The frames of a job on disk. It contains a frame only after the frame was checked, synced and recorded, so its
 * contents survive a crash at any moment. The caller must dispose of it: `await using`.
 */
export class FrameStore implements AsyncDisposable {
  /** How many good frames of earlier runs were found. */
  readonly reused: number;
  /**
   * Frames that were refused in earlier runs, with the node that had rendered them. They may have been stored again
   * since.
   */
  readonly refusedBefore: readonly FrameRecord[];
  /** Frames that were moved away because they may not be used any more; `null` if there were none. */
  readonly outdated: OutdatedFrames | null;
  readonly #options: FrameStoreOptions;
  readonly #log: FrameLog;
  readonly #records: Map<Frame, FrameRecord>;
  /** The frames of the stored pictures of File Output nodes, by the names that these will have. */
  readonly #names = new Map<string, Frame>();
  /** Resolves when the latest commit is done: names and records are written one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    options: FrameStoreOptions,
    log: FrameLog,
    records: Map<Frame, FrameRecord>,
    outdated: OutdatedFrames | null,
  ) {
    this.#options = options;
    this.outdated = outdated;
    this.#log = log;
    this.#records = records;
    for (const record of records.values()) this.#note(record);
    this.reused = records.size;
    this.refusedBefore = log.records.filter(({ refused }) => refused !== undefined);
  }

  /**
   * Opens the store and checks every frame of earlier runs again, by digest and content: that a file exists proves
   * nothing. Bad frames, and files without a record, are removed.
   *
   * @throws {FarmError} `FARM_STORE_FAILED` if the folder cannot be used, `FARM_UNSAFE_PATH` if it is a link
   */
  static async open(options: FrameStoreOptions): Promise<FrameStore> {
    const { framesFolder, logPath, format, pictures: form = onlyPng, onChecking, signal } = options;
    const isUsable = (record: FrameRecord) => listsPictures(record, form);
    const isCurrent = (record: FrameRecord) => isUsable(record) && (options.isCurrent?.(record) ?? true);
    let log: FrameLog | undefined;
    try {
      await makeOwnFolder(framesFolder);
      log = await FrameLog.open(logPath);
      const outdated = await moveOutdated(framesFolder, log.records, isCurrent, isUsable);
      const records = await verifyFrames(framesFolder, log.records, { format, form }, { onChecking, signal });
      await removeOthers(framesFolder, records);
      return new FrameStore(options, log, records, outdated);
    } catch (error) {
      await log?.[Symbol.asyncDispose]();
      signal?.throwIfAborted();
      throw await storeFailed("open the frame store", framesFolder, error);
    }
  }

  /** The stored frames, sorted. */
  get stored(): readonly Frame[] {
    return [...this.#records.keys()].sort((a, b) => a - b);
  }

  has(frame: Frame): boolean {
    return this.#records.has(frame);
  }

  recordOf(frame: Frame): FrameRecord | undefined {
    return this.#records.get(frame);
  }

  /** The path of a stored frame's file. */
  pathOf(frame: Frame): string {
    return storedFramePath(this.#options.framesFolder, frame);
  }

  /** The pictures of a stored frame; `undefined` if it is not stored. */
  picturesOf(frame: Frame): readonly StoredPicture[] | undefined {
    const record = this.#records.get(frame);
    return record && storedPictures(this.#options.framesFolder, record);
  }

  /**
   * Starts to receive a frame.
   *
   * @param record What the node announced; size and digest must match it
   * @throws {FarmError} `FARM_STORE_FAILED` if the disk has no space for it
   */
  async receive(record: FrameRecord): Promise<IncomingFrame> {
    const { framesFolder, format, pictures: form = onlyPng } = this.#options;
    this.#requireNames(record.frame, record.pictures ?? []);
    return IncomingFrame.open(
      { ...record, ...(form.nodes > 0 && { passes: true }) },
      { format, form },
      framesFolder,
      (files, proved) => this.#keep(files, proved),
    );
  }

  /**
   * Moves a frame out of the store, and keeps its file. The frame may be stored again.
   *
   * @param why FFmpeg's message, if it refuses the frame, or why the frame is wrong
   * @returns The new path of the file
   * @throws {FarmError} `FARM_STORE_FAILED`
   */
  setAside(frame: Frame, why: Pick<FrameRecord, "refused"> | Pick<FrameRecord, "doubted">): Promise<string> {
    const turn = this.#turn.then(async () => {
      const record = this.#records.get(frame);
      if (record === undefined) throw new Error(`Frame ${frame} is not stored`);
      this.#records.delete(frame);
      for (const name of placedNames(frame, record.pictures ?? [])) this.#names.delete(name);
      try {
        return await moveAside(this.#log, this.#options.framesFolder, { ...record, ...why });
      } catch (error) {
        throw await storeFailed(`set frame ${frame} aside`, this.#options.framesFolder, error);
      }
    });
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** @throws {FrameInvalidError} If another stored frame has a picture that would have the same name in the end */
  #requireNames(frame: Frame, pictures: readonly PictureRecord[]): void {
    for (const name of placedNames(frame, pictures)) {
      const other = this.#names.get(name);
      if (other === undefined || other === frame) continue;
      throw new FrameInvalidError(frame, "WRONG_PICTURES", `frame ${other} has a picture of the same name: ${name}`);
    }
  }

  #note({ frame, pictures = [] }: FrameRecord): void {
    for (const name of placedNames(frame, pictures)) this.#names.set(name, frame);
  }

  /** Waits for a frame that is being stored. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn;
    await this.#log[Symbol.asyncDispose]();
  }

  #keep(files: readonly ReceivedFile[], record: FrameRecord): Promise<boolean> {
    const turn = this.#turn.then(() => this.#store(files, record));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #store(files: readonly ReceivedFile[], record: FrameRecord): Promise<boolean> {
    if (this.has(record.frame)) return false;
    this.#requireNames(record.frame, record.pictures ?? []); // another frame may have been stored meanwhile
    try {
      for (const { partPath, path } of files) await renameFile(partPath, path);
      await syncFolder(this.#options.framesFolder);
      await this.#log.append(record);
    } catch (error) {
      for (const { path } of files) await discard(path); // without a record they do not count as a frame
      throw error;
    }
    this.#records.set(record.frame, record);
    this.#note(record);
    return true;
  }
}

/**
 * Removes parts from a killed run, and frames that failed the check or have no record. Leaves other people's files
 * alone.
 */
async function removeOthers(folder: string, records: ReadonlyMap<Frame, FrameRecord>): Promise<void> {
  await removeOwnFiles(folder, (name) => {
    const frame = frameOfOwnName(name);
    if (frame === null) return false;
    const pictures = records.get(frame)?.pictures?.length ?? 0;
    const index = pictureOfFileName(name)?.index ?? -1;
    return name.endsWith(".part") || !records.has(frame) || index >= pictures;
  });
}
