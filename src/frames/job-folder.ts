import { randomBytes } from "node:crypto";
import { mkdir, readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { FarmError, systemCodeOf } from "../core/errors.ts";
import { syncFolder } from "../system/files/durable.ts";
import { makeFolders } from "../system/files/folders.ts";
import { moveIfThere, removeFile, renameFile } from "../system/files/held-files.ts";
import { type BlendCopy, copyBlend } from "./blend-copy.ts";
import { frameOfFileName } from "./frame-name.ts";
import { framesLogIn, jobFolderOf, requireSafeJobFolder } from "./job-folder-place.ts";
import { type JobRecord, readJobRecord, writeJobRecord } from "./job-record.ts";
import { JobLock } from "./lock/lock.ts";
import { frameOfOwnName, isBlobName, isRecordName, type LeftBehind, removeOwn, removeOwnFiles } from "./own-names.ts";
import { asideFolderOf } from "./set-aside.ts";
import { folderUnusable, storeFailed } from "./store-errors.ts";

/** What is decided when a run starts. */
export interface RunPlan {
  readonly fingerprint: string;
  readonly blenderVersion: string | null;
  readonly blend: BlendCopy;
  /** For people who read `job.json`; it must not contain a secret. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Whether to start a new job even if the fingerprint equals that of the previous run. */
  readonly isFresh: boolean;
}

/** A started run. */
export interface Run {
  readonly job: string;
  /** 1 for the first coordinator of this job, 2 for the second, and so on. */
  readonly run: number;
  /** Frames of another scene or version, which were moved away and are not used; `null` if there were none. */
  readonly setAside: { readonly folder: string; readonly frames: number } | null;
}

/**
 * `<output>.renderfarm/`: everything that a job needs to continue after any interruption, and its record afterwards.
 * The caller must dispose of it (`await using`); until then nobody else writes there. Links in it are refused, and only
 * files with names that we give are removed from it.
 */
export class JobFolder implements AsyncDisposable {
  readonly path: string;
  /** The record of the previous run; `null` for a new job. */
  readonly previous: JobRecord | null;
  readonly #lock: JobLock;
  #record: JobRecord | null = null;

  private constructor(path: string, previous: JobRecord | null, lock: JobLock) {
    this.path = path;
    this.previous = previous;
    this.#lock = lock;
  }

  /**
   * Makes or opens the job folder of an output, and locks it. The output's own folder must exist.
   *
   * @param jobDir See `jobFolderOf`; made if missing
   * @throws {FarmError} `FARM_JOB_LOCKED` if another coordinator uses it, `FARM_OUTPUT_UNWRITABLE` if it cannot be
   * made, `FARM_JOB_CHANGED` if a later release wrote it, `FARM_UNSAFE_PATH` if it is a link or contains one
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
   * Opens an existing job folder by its own path, and locks it.
   *
   * @throws {FarmError} `FARM_BAD_INPUT` if it is not a job folder; otherwise like {@link open}
   */
  static async reopen(folder: string, signal?: AbortSignal): Promise<JobFolder> {
    const path = resolve(folder);
    let lock: JobLock | undefined;
    try {
      await requireSafeJobFolder(path);
      // Checked before anything is written: the user may have named any folder.
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
    return framesLogIn(this.path);
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

  /**
   * Aborted when another process has taken the folder, which it may do after 30 s without a sign of life from this one.
   */
  get lost(): AbortSignal {
    return this.#lock.lost;
  }

  /**
   * Keeps a copy of the blendfile as it is now.
   *
   * @throws {FarmError} `FARM_STORE_FAILED` if there is no space for it
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
   * Starts a run and records it. If the fingerprint equals that of the previous run, it continues that job with its
   * frames. Otherwise it is a new job with a new id, so that nodes do not confuse the two, and old frames are set
   * aside.
   */
  async begin(plan: RunPlan): Promise<Run> {
    const { fingerprint, blenderVersion, blend, settings, isFresh } = plan;
    const previous = !isFresh && this.previous?.fingerprint === fingerprint ? this.previous : null;
    const job = previous?.job ?? randomBytes(16).toString("hex");
    const run = (previous?.run ?? 0) + 1;
    try {
      // Before the record is written, so that a crash cannot leave old frames under the new fingerprint.
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
   * Records what the output is made of, once it is known. From then on it can be encoded without any node.
   *
   * @throws {FarmError} `FARM_STORE_FAILED`
   */
  async writeFacts(facts: Readonly<Record<string, unknown>>): Promise<void> {
    if (this.#record === null) throw new Error("No run has started");
    try {
      await this.#write({ ...this.#record, facts });
    } catch (error) {
      throw await storeFailed("write the job's record", this.path, error);
    }
  }

  /**
   * After success, removes everything except the record. It never fails, because the output exists already.
   *
   * @returns The folders that could not be removed, and why
   */
  async cleanUp(): Promise<LeftBehind[]> {
    const left = [await removeOwn(this.framesFolder, (name) => frameOfOwnName(name) !== null)];
    for (const folder of ["blob", "baked", "sound"]) left.push(await removeOwn(join(this.path, folder), isBlobName));
    return left.filter((folder) => folder !== undefined);
  }

  /** After a job without anything worth keeping, removes all our files, except the lock, which is still held. */
  async empty(): Promise<void> {
    await this.cleanUp();
    await removeOwnFiles(this.path, isRecordName);
  }

  /** Unlocks the folder. Idempotent. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#lock[Symbol.asyncDispose]();
  }

  async #write(record: JobRecord): Promise<void> {
    await writeJobRecord(join(this.path, "job.json"), record);
    await syncFolder(this.path);
    this.#record = record;
  }

  /** Moves existing frames away, so that they are not used; `null` if there are none. */
  async setFramesAside(): Promise<Run["setAside"]> {
    const names = await readdir(this.framesFolder).catch((error: unknown) => {
      if (systemCodeOf(error) === "ENOENT") return [];
      throw error; // otherwise existing frames would lose their records
    });
    const frames = names.filter((name) => frameOfFileName(name) !== null).length;
    const records = [this.framesLogPath, this.attemptsPath, this.eventsPath];
    if (frames === 0) {
      for (const path of records) await removeFile(path); // their frames no longer exist
      return null;
    }
    const folder = asideFolderOf(this.framesFolder);
    await renameFile(this.framesFolder, folder);
    for (const path of records) await moveIfThere(path, join(folder, basename(path)));
    return { folder, frames };
  }
}

/**
 * Makes only the last level: its parent was made with the output's folder. Node's recursive mkdir never ends below
 * /proc.
 */
async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
    if (systemCodeOf(error) !== "EEXIST") throw error; // if it is a file, locking fails later
  });
}

function notJobFolder(path: string): FarmError {
  return new FarmError(
    "FARM_BAD_INPUT",
    `Cannot find a job in this folder: ${path}`,
    "Give the folder that a render made beside its output: out.mp4.renderfarm",
  );
}
