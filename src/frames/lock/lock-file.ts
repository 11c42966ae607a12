import { randomBytes } from "node:crypto";
import { type FileHandle, rename, stat } from "node:fs/promises";
import { systemCodeOf } from "../../core/errors.ts";
import { discard, isHeld } from "../../system/files/held-files.ts";
import { createOwnFile, readOwnFile } from "../../system/files/own-file.ts";
import { isObject } from "../frame-record.ts";
import { inspectProcess, type ProcessIdentity } from "./process-identity.ts";

/** The process that has locked a job folder. */
export interface LockHolder extends ProcessIdentity {
  /** For people only: machines and containers may have the same name. */
  readonly host: string;
  /** Last sign of life, for people. The file's own time decides, because clocks of two machines differ. */
  readonly time: string;
  /** Random, to tell this lock from any other. */
  readonly token: string;
}

/** @returns `null` if there is no lock; a holder with an empty token if the lock cannot be read */
export async function readLock(path: string): Promise<LockHolder | null> {
  try {
    const value: unknown = JSON.parse(await readOwnFile(path));
    if (isObject(value)) {
      const { host, pid, time, token } = value;
      const [boot, namespace, start] = [value.boot, value.namespace, value.start].map(textOrNull);
      if (
        typeof host === "string" &&
        typeof pid === "number" &&
        typeof time === "string" &&
        typeof token === "string"
      ) {
        return { host, boot: boot ?? null, namespace: namespace ?? null, pid, start: start ?? null, time, token };
      }
    }
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return null;
    if (!(error instanceof SyntaxError)) throw error;
  }
  return { host: "?", boot: null, namespace: null, pid: 0, start: null, time: "?", token: "" };
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** @returns `null` if the lock exists already */
export async function createLock(path: string, holder: LockHolder): Promise<FileHandle | null> {
  let file: FileHandle;
  try {
    file = await createOwnFile(path);
  } catch (error) {
    if (systemCodeOf(error) === "EEXIST") return null;
    throw error;
  }
  try {
    await writeLock(file, holder);
    return file;
  } catch (error) {
    await file.close();
    await discard(path);
    throw error;
  }
}

/** Writes in place: all texts of one holder have the same length, and nobody else writes to this file. */
export async function writeLock(file: FileHandle, holder: LockHolder): Promise<void> {
  await file.write(`${JSON.stringify(holder)}\n`, 0);
}

/** What is known about a lock's holder. */
export type LockLife = "alive" | "silent" | "gone";

/**
 * Whether a lock's holder is alive. A process that can be inspected and runs is alive even without signs of life: it
 * may be suspended, and clocks jump.
 *
 * @param silentMs After this time without a sign of life a process that cannot be inspected counts as silent
 */
export async function lockLifeOf(path: string, holder: LockHolder, silentMs: number): Promise<LockLife> {
  const life = await inspectProcess(holder);
  if (life !== "unknown") return life === "gone" ? "gone" : "alive";
  return (await silenceMsOf(path)) >= silentMs ? "silent" : "alive";
}

/** A takeover lasts milliseconds. If one is older than this, its process has died. */
const takeoverAtMostMs = 10_000;

/**
 * Replaces a stale lock by ours. Only one process at a time may do so, and the file is replaced without ever being
 * absent, so that nobody can make a new one in between.
 *
 * @returns `null` if another process was faster or is doing it now: try again
 */
export async function replaceStaleLock(
  path: string,
  stale: LockHolder,
  holder: LockHolder,
): Promise<FileHandle | null> {
  const takeover = `${path}.takeover`;
  const turn = await createLock(takeover, holder);
  if (turn === null) {
    if ((await silenceMsOf(takeover)) > takeoverAtMostMs) await discard(takeover);
    return null;
  }
  try {
    if ((await readLock(path))?.token !== stale.token) return null;
    const aside = `${path}.${holder.token}`;
    const file = await createLock(aside, holder);
    try {
      await rename(aside, path);
      return file;
    } catch (error) {
      await file?.close();
      await discard(aside);
      if (isHeld(systemCodeOf(error))) return null; // on Windows: its holder has it open, so it is alive
      throw error;
    }
  } finally {
    await turn.close();
    await discard(takeover);
  }
}

/** Both times come from the clock of the machine with the disk, so two clocks are never compared. */
async function silenceMsOf(path: string): Promise<number> {
  const probe = `${path}.${randomBytes(4).toString("hex")}.now`;
  try {
    await (await createOwnFile(probe)).close();
    const [now, lock] = await Promise.all([stat(probe), stat(path)]);
    return now.mtimeMs - lock.mtimeMs;
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return 0; // it was released meanwhile: try again
    throw error;
  } finally {
    await discard(probe);
  }
}
