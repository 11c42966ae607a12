import type { BigIntStats } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { readConfigFile, writeConfigFile } from "../system/files/config-file.ts";
import { hashFile } from "../system/files/hash-file.ts";

/** The oldest are dropped. */
const mostEntries = 200_000;
/** Some file systems round times to this: a file may have been written twice in that time. */
const coarsestClockMs = 2_000;

/** A file's size, its times of change in nanoseconds, its number in the file system, and its SHA-256. */
type Entry = readonly [size: string, modified: string, changed: string, number: string, sha256: string];

/**
 * Digests of files, kept between jobs, so that a file that has not changed is not read again. Whether it has is told by
 * its size, its times and its number.
 */
export class DigestCache {
  readonly #file: string;
  readonly #entries: Map<string, Entry>;
  #isChanged = false;

  private constructor(file: string, entries: Map<string, Entry>) {
    this.#file = file;
    this.#entries = entries;
  }

  /** Reads the cache of earlier jobs. A damaged one counts as empty. */
  static open(configFolder: string): DigestCache {
    const file = join(configFolder, "file-digests.json");
    return new DigestCache(file, new Map(read(file)));
  }

  /**
   * The SHA-256 of a file.
   *
   * @param path Absolute, without links
   * @throws The system's error if the file cannot be read
   */
  async digestOf(path: string): Promise<string> {
    const { known, remember } = await this.lookAt(path);
    return known ?? (await remember(await hashFile(path)));
  }

  /**
   * Looks at a file before it is read or copied.
   *
   * @returns Its digest, if that is known; and a function for the digest of what was read then, which is remembered if
   * the file has not changed meanwhile
   */
  async lookAt(path: string): Promise<{ known: string | undefined; remember(sha256: string): Promise<string> }> {
    const before = signatureOf(await stat(path, { bigint: true }));
    const entry = this.#entries.get(path);
    const known = entry !== undefined && before?.every((value, index) => value === entry[index]) ? entry[4] : undefined;
    const remember = async (sha256: string) => {
      const after = signatureOf(await stat(path, { bigint: true }));
      if (before !== undefined && after !== undefined && before.join() === after.join()) {
        this.#entries.delete(path); // to put it at the end
        this.#entries.set(path, [...before, sha256]);
        this.#isChanged = true;
      }
      return sha256;
    };
    return { known, remember };
  }

  /** Stores it for later jobs. A failure is ignored: then files are read again. */
  async save(): Promise<void> {
    if (!this.#isChanged) return;
    this.#isChanged = false;
    const newest = [...this.#entries].slice(-mostEntries);
    await writeConfigFile(this.#file, JSON.stringify(Object.fromEntries(newest))).catch(() => {});
  }
}

function read(file: string): readonly (readonly [string, Entry])[] {
  try {
    const value: unknown = JSON.parse(readConfigFile(file));
    return typeof value === "object" && value !== null ? Object.entries(value).filter(isOurs) : [];
  } catch {
    return []; // none yet, or a damaged one, which is replaced later
  }
}

function isOurs(found: [string, unknown]): found is [string, Entry] {
  const [, entry] = found;
  if (!Array.isArray(entry) || entry.length !== 5 || !entry.every((part) => typeof part === "string")) return false;
  return /^[0-9a-f]{64}$/.test(String(entry[4]));
}

/** `undefined` for a file that was written just now: another change might not show. */
function signatureOf(stats: BigIntStats): [string, string, string, string] | undefined {
  const changedMs = Math.max(Number(stats.mtimeMs), Number(stats.ctimeMs));
  if (changedMs > Date.now() - coarsestClockMs) return undefined;
  return [String(stats.size), String(stats.mtimeNs), String(stats.ctimeNs), String(stats.ino)];
}
