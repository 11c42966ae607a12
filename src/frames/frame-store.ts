import { join } from "node:path";
import type { Frame } from "../core/node.ts";
import { syncFolder } from "../system/files/durable.ts";
import { discard, renameFile } from "../system/files/held-files.ts";
import type { FrameFormat } from "./check/frame-expectation.ts";
import { FrameLog } from "./frame-log.ts";
import { frameFileName } from "./frame-name.ts";
import type { FrameRecord } from "./frame-record.ts";
import { IncomingFrame } from "./incoming-frame.ts";
import { frameOfOwnName, makeOwnFolder, removeOwnFiles } from "./own-names.ts";
import { moveAside } from "./refused-frames.ts";
import { storeFailed } from "./store-errors.ts";
import { verifyFrames } from "./verify-frames.ts";

export interface FrameStoreOptions {
  /** Where the frames' files are; made when it is not there. */
  readonly framesFolder: string;
  /** `frames.ndjson`, the record of how each came about. */
  readonly logPath: string;
  /** What every frame of this job must be. */
  readonly format: FrameFormat;
  /** Told when there are frames of earlier runs to be proved, which may take a while. */
  readonly onChecking?: (frames: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * The frames of a job on disk. A frame is in it only when it was proved, synced and recorded, so what it holds survives
 * a crash at any moment. Whoever opens it owns it: `await using`.
 */
export class FrameStore implements AsyncDisposable {
  /** How many frames of earlier runs were found good. */
  readonly reused: number;
  /** Frames that were refused in earlier runs, with who had rendered them. They may have been stored again since. */
  readonly refusedBefore: readonly FrameRecord[];
  readonly #options: FrameStoreOptions;
  readonly #log: FrameLog;
  readonly #records: Map<Frame, FrameRecord>;
  /** The end of the last commit: names and records are written one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(options: FrameStoreOptions, log: FrameLog, records: Map<Frame, FrameRecord>) {
    this.#options = options;
    this.#log = log;
    this.#records = records;
    this.reused = records.size;
    this.refusedBefore = log.records.filter(({ refused }) => refused !== undefined);
  }

  /**
   * Opens the store and proves every frame of earlier runs again, by digest and content: a file that is there proves
   * nothing. Frames that fail, and files that were never recorded, are removed.
   *
   * @throws {FarmError} `FARM_STORE_FAILED` when the folder cannot be used, `FARM_UNSAFE_PATH` when it is a link
   */
  static async open(options: FrameStoreOptions): Promise<FrameStore> {
    const { framesFolder, logPath, format, onChecking, signal } = options;
    let log: FrameLog | undefined;
    try {
      await makeOwnFolder(framesFolder);
      log = await FrameLog.open(logPath);
      const records = await verifyFrames(framesFolder, log.records, format, { onChecking, signal });
      await removeOthers(framesFolder, records);
      return new FrameStore(options, log, records);
    } catch (error) {
      await log?.[Symbol.asyncDispose]();
      signal?.throwIfAborted();
      throw await storeFailed("open the frame store", framesFolder, error);
    }
  }

  /** The frames that are stored, sorted. */
  get stored(): readonly Frame[] {
    return [...this.#records.keys()].sort((a, b) => a - b);
  }

  has(frame: Frame): boolean {
    return this.#records.has(frame);
  }

  recordOf(frame: Frame): FrameRecord | undefined {
    return this.#records.get(frame);
  }

  /** Where a stored frame's file is. */
  pathOf(frame: Frame): string {
    return join(this.#options.framesFolder, frameFileName(frame));
  }

  /**
   * Begins to take in a frame.
   *
   * @param record What was announced; size and digest are held against it
   * @throws {FarmError} `FARM_STORE_FAILED` when the disk has no room for it
   */
  receive(record: FrameRecord): Promise<IncomingFrame> {
    return IncomingFrame.open(record, this.#options.format, this.pathOf(record.frame), (partPath, proved) =>
      this.#keep(partPath, proved),
    );
  }

  /**
   * Takes a frame out of the store with which the output cannot be made, and keeps its file aside. It may be stored again.
   *
   * @param refused Why, in FFmpeg's words
   * @returns Where the file is now
   * @throws {FarmError} `FARM_STORE_FAILED`
   */
  setAside(frame: Frame, refused: string): Promise<string> {
    const turn = this.#turn.then(async () => {
      const record = this.#records.get(frame);
      if (record === undefined) throw new Error(`Frame ${frame} is not stored`);
      this.#records.delete(frame);
      try {
        return await moveAside(this.#log, this.#options.framesFolder, { ...record, refused });
      } catch (error) {
        throw await storeFailed(`set frame ${frame} aside`, this.#options.framesFolder, error);
      }
    });
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** Waits for the frame that is being stored, if there is one. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn;
    await this.#log[Symbol.asyncDispose]();
  }

  #keep(partPath: string, record: FrameRecord): Promise<boolean> {
    const turn = this.#turn.then(() => this.#store(partPath, record));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #store(partPath: string, record: FrameRecord): Promise<boolean> {
    if (this.has(record.frame)) return false;
    const path = this.pathOf(record.frame);
    await renameFile(partPath, path);
    try {
      await syncFolder(this.#options.framesFolder);
      await this.#log.append(record);
    } catch (error) {
      await discard(path); // without its record it is no frame
      throw error;
    }
    this.#records.set(record.frame, record);
    return true;
  }
}

/** Parts of a run that was killed, frames that failed the check or have no record. Foreign files are left alone. */
async function removeOthers(folder: string, records: ReadonlyMap<Frame, FrameRecord>): Promise<void> {
  await removeOwnFiles(folder, (name) => {
    const frame = frameOfOwnName(name);
    return frame !== null && (name.endsWith(".part") || !records.has(frame));
  });
}
