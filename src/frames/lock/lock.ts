import { randomBytes } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { hostname } from "node:os";
import { systemClock } from "../../core/clock.ts";
import { FarmError } from "../../core/errors.ts";
import { removeFile } from "../../system/files/held-files.ts";
import { createLock, type LockHolder, lockLifeOf, readLock, replaceStaleLock, writeLock } from "./lock-file.ts";
import { ownIdentity } from "./process-identity.ts";

const renewMs = 5_000;
/** Six missed signs of life. */
const silentMs = 30_000;
/** Other processes may take and release the lock at the same moment, but not this often. */
const mostAttempts = 20;
const attemptsApartMs = 20;

export interface JobLockOptions {
  /** Time between signs of life, in milliseconds (default 5000); tests shorten it. */
  readonly renewMs?: number;
  readonly signal?: AbortSignal;
}

/** The lock of a job folder. Only its holder writes there. The caller must dispose of it: `await using`. */
export class JobLock implements AsyncDisposable {
  readonly #path: string;
  readonly #holder: LockHolder;
  readonly #file: FileHandle;
  readonly #lost = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #renewal: Promise<void> = Promise.resolve();
  #released: Promise<void> | undefined;

  private constructor(path: string, holder: LockHolder, file: FileHandle, everyMs: number) {
    this.#path = path;
    this.#holder = holder;
    this.#file = file;
    this.#timer = setInterval(() => {
      this.#renewal = this.#renewal.then(() => this.#renew());
    }, everyMs);
    this.#timer.unref();
  }

  /**
   * Takes the lock: at once if it is free, or if its process can be inspected and is gone. The lock of a process on
   * another machine or in another container is taken if it has shown no sign of life for 30 s by the clock of the disk,
   * and shows none while we watch, because clocks jump.
   *
   * @throws {FarmError} `FARM_JOB_LOCKED` naming the holder
   */
  static async open(path: string, options: JobLockOptions = {}): Promise<JobLock> {
    const token = randomBytes(8).toString("hex");
    const everyMs = options.renewMs ?? renewMs;
    const holder: LockHolder = { host: hostname(), ...(await ownIdentity()), time: now(), token };
    let other: LockHolder | null = null;
    for (let attempts = 0; attempts < mostAttempts; attempts++) {
      options.signal?.throwIfAborted();
      const file = await createLock(path, holder);
      if (file !== null) return new JobLock(path, holder, file, everyMs);
      other = await readLock(path);
      if (other === null) continue;
      const life = await lockLifeOf(path, other, silentMs);
      if (life === "alive") break;
      if (life === "silent" && (await showsLife(path, other, everyMs, options.signal))) break;
      const taken = await replaceStaleLock(path, other, holder);
      if (taken !== null) return new JobLock(path, holder, taken, everyMs);
      await systemClock.sleep(attemptsApartMs, options.signal);
    }
    throw lockedBy(path, other);
  }

  /** Aborted when another process has taken the lock, which it may do after 30 s of silence: stop writing. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Releases the lock; leaves another process's lock alone. Idempotent. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  async #renew(): Promise<void> {
    if (this.#released !== undefined || this.#lost.signal.aborted) return;
    try {
      const there = await readLock(this.#path);
      if (there?.token !== this.#holder.token) {
        this.#lost.abort(lockedBy(this.#path, there));
        return;
      }
      // Into the file that we made: if it was replaced meanwhile, this does no harm.
      await writeLock(this.#file, { ...this.#holder, time: now() });
    } catch {
      // The network share may be unavailable for a moment; the next renewal will show.
    }
  }

  async #release(): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewal;
    try {
      const there = await readLock(this.#path);
      if (there?.token === this.#holder.token) await removeFile(this.#path);
    } catch {
      // The share is unavailable, or no file descriptor is left. The next process will see that this one is gone.
    } finally {
      await this.#file.close();
    }
  }
}

/** Whether a lock's text changes within the time in which a living holder renews it. */
async function showsLife(path: string, before: LockHolder, everyMs: number, signal?: AbortSignal): Promise<boolean> {
  await systemClock.sleep(everyMs * 1.5, signal);
  const after = await readLock(path);
  return after !== null && (after.time !== before.time || after.token !== before.token);
}

/** Always the same length, so that a renewal can be written in place. */
function now(): string {
  return new Date().toISOString();
}

function lockedBy(path: string, holder: LockHolder | null): FarmError {
  const who = holder?.token ? `process ${holder.pid} on ${holder.host}, last seen ${holder.time}` : "another process";
  return new FarmError(
    "FARM_JOB_LOCKED",
    `Cannot use the job folder, because another renderfarm is using it: ${path} (${who})`,
    "Wait for it or stop it; if it crashed on another machine or in another container, the folder is free 30 s after its last sign of life",
  );
}
