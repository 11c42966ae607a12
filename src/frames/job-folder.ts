import { randomBytes } from "node:crypto";
import { mkdir, readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { FarmError, systemCodeOf } from "../core/errors.ts";
import { syncFolder } from "../system/files/durable.ts";
import { makeFolders } from "../system/files/folders.ts";
import { removeFile, renameFile } from "../system/files/held-files.ts";
import { type BlendCopy, copyBlend } from "./blend-copy.ts";
import { frameOfFileName } from "./frame-name.ts";
import { jobFolderOf, requireSafeJobFolder } from "./job-folder-place.ts";
import { type JobRecord, readJobRecord, writeJobRecord } from "./job-record.ts";
import { JobLock } from "./lock/lock.ts";
import { frameOfOwnName, isBlobName, isRecordName, type LeftBehind, removeOwn, removeOwnFiles } from "./own-names.ts";
import { folderUnusable, storeFailed } from "./store-errors.ts";

/** What is settled when a run begins. */
export interface RunPlan {
  readonly fingerprint: string;
  readonly blenderVersion: string | null;
  readonly blend: BlendCopy;
  /** For people who read `job.json`; must hold no secret. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Whether a new job is begun even when the fingerprint is that of the run before. */
  readonly isFresh: boolean;
}

/** What a run has to work with. */
export interface Run {
  readonly job: string;
  /** 1 for the first coordinator of this job, one more for each later one. */
  readonly run: number;
  /** Frames of another scene or version that were moved out of the way, and never used; `null` when there were none. */
  readonly setAside: { readonly folder: string; readonly frames: number } | null;
}

/**
 * `<output>.renderfarm/`: everything a job needs to go on after any interruption, and its record afterwards. Whoever
 * opens it owns it, and nobody else writes there meanwhile: `await using`. Links in it are refused, and nothing is removed
 * from it but what has a name that we give.
 */
export class JobFolder implements AsyncDisposable {
  readonly path: string;
  /** What an earlier run left, `null` for a new job. */
  readonly previous: JobRecord | null;
  readonly #lock: JobLock;
  #record: JobRecord | null = null;

  private constructor(path: string, previous: JobRecord | null, lock: JobLock) {
    this.path = path;
    this.previous = previous;
    this.#lock = lock;
  }

  /**
   * Makes or opens the folder of an output, and locks it. The output's own folder must be there.
   *
   * @param jobDir See `jobFolderOf`; made when it is not there
   * @throws {FarmError} `FARM_JOB_LOCKED` when another coordinator is in it, `FARM_OUTPUT_UNWRITABLE` when it cannot be
   *   made, `FARM_JOB_CHANGED` when a later release wrote it, `FARM_UNSAFE_PATH` when it is a link or holds one
   */
  static async open(output: string, signal?: AbortSignal, jobDir?: string): Promise<JobFolder> {
    const path = jobFolderOf(output, jobDir);
    let lock: JobLock | undefined;
    try {
      if (jobDir !== undefined) await makeFolders(dirname(path), 0o700);
      await requireSafeJobFolder(path);
      await makeFolder(path);
      lock = await JobLock.open(join(path, "lock"), signal === undefined ? {} : { signal });
      return new JobFolder(path, await readJobRecord(join(path, "job.json")), lock);
    } catch (error) {
      await lock?.[Symbol.asyncDispose]();
      throw await folderUnusable(path, error, jobDir === undefined ? "--output" : "--job-dir");
    }
  }

  /**
   * Opens a job folder that is there, by its own path, and locks it.
   *
   * @throws {FarmError} `FARM_BAD_INPUT` when it is none; else as {@link open}
   */
  static async reopen(folder: string, signal?: AbortSignal): Promise<JobFolder> {
    const path = resolve(folder);
    let lock: JobLock | undefined;
    try {
      await requireSafeJobFolder(path);
      // Looked at before anything is written: what was named may be any folder.
      if ((await readJobRecord(join(path, "job.json"))) === null) throw notJobFolder(path);
      lock = await JobLock.open(join(path, "lock"), signal === undefined ? {} : { signal });
      const previous = await readJobRecord(join(path, "job.json"));
      if (previous === null) throw notJobFolder(path);
      return new JobFolder(path, previous, lock);
    } catch (error) {
      await lock?.[Symbol.asyncDispose]();
      throw systemCodeOf(error) === "ENOTDIR" ? notJobFolder(path) : await folderUnusable(path, error);
    }
  }

  get framesFolder(): string {
    return join(this.path, "frames");
  }

  get framesLogPath(): string {
    return join(this.path, "frames.ndjson");
  }

  get attemptsPath(): string {
    return join(this.path, "attempts.ndjson");
  }

  get eventsPath(): string {
    return join(this.path, "events.ndjson");
  }

  get logPath(): string {
    return join(this.path, "log.ndjson");
  }

  /** Aborted when another process has taken the folder, which it may after 30 s without a sign of life from this one. */
  get lost(): AbortSignal {
    return this.#lock.lost;
  }

  /**
   * Keeps the blendfile as it is now.
   *
   * @throws {FarmError} `FARM_STORE_FAILED` when there is no room for it
   */
  async keepBlend(source: string, signal?: AbortSignal): Promise<BlendCopy> {
    try {
      return await copyBlend(source, join(this.path, "blob"), signal);
    } catch (error) {
      const blend = await stat(source).catch(() => null);
      throw await storeFailed(`copy ${source}`, this.path, error, blend?.size);
    }
  }

  /**
   * Begins a run and writes it down. With the fingerprint of the run before it goes on with that job and its frames;
   * with another one it is a new job, so that no node takes it for the old one, and old frames are set aside.
   */
  async begin(plan: RunPlan): Promise<Run> {
    const { fingerprint, blenderVersion, blend, settings, isFresh } = plan;
    const previous = !isFresh && this.previous?.fingerprint === fingerprint ? this.previous : null;
    const job = previous?.job ?? randomBytes(16).toString("hex");
    const run = (previous?.run ?? 0) + 1;
    try {
      // Before the record: a crash between the two must not leave old frames under the new fingerprint.
      const setAside = previous === null ? await this.setFramesAside() : null;
      const { sha256, sizeBytes } = blend;
      await this.#write({
        ...{ format: 1, job, run, fingerprint, blenderVersion, settings },
        blend: { sha256, sizeBytes },
        facts: previous?.facts ?? null,
      });
      return { job, run, setAside };
    } catch (error) {
      throw await storeFailed("write the job's record", this.path, error);
    }
  }

  /**
   * Writes down what the output is made of, once it is known: from then on it can be made without any node.
   *
   * @throws {FarmError} `FARM_STORE_FAILED`
   */
  async writeFacts(facts: Readonly<Record<string, unknown>>): Promise<void> {
    if (this.#record === null) throw new Error("No run has begun");
    try {
      await this.#write({ ...this.#record, facts });
    } catch (error) {
      throw await storeFailed("write the job's record", this.path, error);
    }
  }

  /**
   * After success: what could be made again goes, the record stays. It never fails: the result is there.
   *
   * @returns The folders that stay too, and why
   */
  async cleanUp(): Promise<LeftBehind[]> {
    const left = [
      await removeOwn(this.framesFolder, (name) => frameOfOwnName(name) !== null),
      await removeOwn(join(this.path, "blob"), isBlobName),
    ];
    return left.filter((folder) => folder !== undefined);
  }

  /** After a job of which nothing is worth keeping: all that is ours goes, but for the lock, which is still held. */
  async empty(): Promise<void> {
    await this.cleanUp();
    await removeOwnFiles(this.path, isRecordName);
  }

  /** Gives the folder up to others. Idempotent. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#lock[Symbol.asyncDispose]();
  }

  async #write(record: JobRecord): Promise<void> {
    await writeJobRecord(join(this.path, "job.json"), record);
    await syncFolder(this.path);
    this.#record = record;
  }

  /** Moves the frames there are out of the way, never to be used; `null` when there are none. */
  async setFramesAside(): Promise<Run["setAside"]> {
    const names = await readdir(this.framesFolder).catch((error: unknown) => {
      if (systemCodeOf(error) === "ENOENT") return [];
      throw error; // else frames that are there would lose their records
    });
    const frames = names.filter((name) => frameOfFileName(name) !== null).length;
    const records = [this.framesLogPath, this.attemptsPath, this.eventsPath];
    if (frames === 0) {
      for (const path of records) await removeFile(path); // of frames that are gone
      return null;
    }
    const time = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
    const folder = `${this.framesFolder}.${time}.${randomBytes(2).toString("hex")}`;
    await renameFile(this.framesFolder, folder);
    for (const path of records) await moveIfThere(path, join(folder, basename(path)));
    return { folder, frames };
  }
}

/** Only the last level: its parent was made with the output's. Node's recursive way never ends below /proc. */
async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
    if (systemCodeOf(error) !== "EEXIST") throw error; // should it be a file, the lock in it fails
  });
}

async function moveIfThere(from: string, to: string): Promise<void> {
  await renameFile(from, to).catch((error: unknown) => {
    if (systemCodeOf(error) !== "ENOENT") throw error;
  });
}

function notJobFolder(path: string): FarmError {
  return new FarmError(
    "FARM_BAD_INPUT",
    `Cannot find a job in this folder: ${path}`,
    "Give the folder that a render made beside its output: out.mp4.renderfarm",
  );
}
