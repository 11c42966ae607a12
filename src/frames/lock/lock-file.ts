import { randomBytes } from "node:crypto";
import { type FileHandle, rename, stat } from "node:fs/promises";
import { systemCodeOf } from "../../core/errors.ts";
import { discard, isHeld } from "../../system/files/held-files.ts";
import { createOwnFile, readOwnFile } from "../../system/files/own-file.ts";
import { isObject } from "../frame-record.ts";
import { lookAtProcess, type ProcessIdentity } from "./process-identity.ts";

/** Who holds a job folder. */
export interface LockHolder extends ProcessIdentity {
  /** For people: machines and containers share names. */
  readonly host: string;
  /** Last sign of life, for people. The file's own time decides, as clocks of two machines differ. */
  readonly time: string;
  /** Random: tells one holding from another. */
  readonly token: string;
}

/** @returns `null` when there is no lock; a holder with an empty token when it cannot be read */
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

/** @returns `null` when somebody has the lock already */
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

/** In place: of one holder every text has the same length, and nobody else writes into this file. */
export async function writeLock(file: FileHandle, holder: LockHolder): Promise<void> {
  await file.write(`${JSON.stringify(holder)}\n`, 0);
}

/** What can be known of a lock's holder. */
export type LockLife = "alive" | "silent" | "gone";

/**
 * Whether somebody stands behind a lock. A process that can be looked at is, also when it shows no sign of life: it may be
 * suspended, and clocks jump.
 *
 * @param silentMs How long without a sign of life is silence, when the process itself cannot be looked at
 */
export async function lockLifeOf(path: string, holder: LockHolder, silentMs: number): Promise<LockLife> {
  const life = await lookAtProcess(holder);
  if (life !== "unknown") return life === "gone" ? "gone" : "alive";
  return (await silenceMsOf(path)) >= silentMs ? "silent" : "alive";
}

/** A takeover lasts milliseconds: one that is this old was begun by a process that has died in it. */
const takeoverAtMostMs = 10_000;

/**
 * Puts our lock in the place of a stale one. Only one process at a time may try, and the lock's file is replaced, never
 * absent, so that nobody can make a new one in between.
 *
 * @returns `null` when another process was faster or is just trying: look again
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
      if (isHeld(systemCodeOf(error))) return null; // on Windows: its holder has it open, so it lives
      throw error;
    }
  } finally {
    await turn.close();
    await discard(takeover);
  }
}

/** Both times come from the clock of the machine that has the disk, so no clocks are compared. */
async function silenceMsOf(path: string): Promise<number> {
  const probe = `${path}.${randomBytes(4).toString("hex")}.now`;
  try {
    await (await createOwnFile(probe)).close();
    const [now, lock] = await Promise.all([stat(probe), stat(path)]);
    return now.mtimeMs - lock.mtimeMs;
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return 0; // it was given up meanwhile: look again
    throw error;
  } finally {
    await discard(probe);
  }
}
