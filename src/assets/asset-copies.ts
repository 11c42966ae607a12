import { randomBytes } from "node:crypto";
import { chmod, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { systemCodeOf } from "../core/errors.ts";
import { hashFile } from "../system/files/hash-file.ts";
import { cloneToNew, copyToNew, discard, renameFile } from "../system/files/held-files.ts";
import type { DigestCache } from "./digest-cache.ts";

/** Errors of file systems that cannot clone. Between two file systems, which may depend on the file, it is EXDEV. */
const cannotClone = new Set(["ENOTSUP", "EOPNOTSUPP", "ENOSYS", "ENOTTY"]);

/** A file to be sent, identified by its content. */
export interface FileBlob {
  /** The file that is read. */
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** The artist's own file, if there is no copy of it: it may change before it is sent. */
  readonly original?: string;
  /** For errors; absent for what was made for the job. */
  readonly name?: string;
  /** Where the artist has it; absent for what was made for the job. */
  readonly source?: string;
}

/**
 * Copies of the files that a job sends: a node that joins later gets the same bytes, even if the artist has saved a file
 * again. Where the file system can, a copy shares its blocks with the original and costs nothing. Elsewhere copies are
 * made up to a limit, and what is beyond it is read from the artist's own files.
 */
export class AssetCopies {
  readonly #folder: string;
  readonly #digests: DigestCache;
  #roomBytes: number;
  #isCloning = true;

  /** @param keepBytes How much space copies may take that share no blocks */
  constructor(folder: string, digests: DigestCache, keepBytes: number) {
    this.#folder = folder;
    this.#digests = digests;
    this.#roomBytes = keepBytes;
  }

  /**
   * @param path Absolute, without links; a regular file
   * @throws The system's error if it cannot be read
   */
  async take(path: string): Promise<FileBlob> {
    const from = { name: basename(path), source: path };
    const part = join(this.#folder, `${randomBytes(4).toString("hex")}.part`);
    const { known, remember } = await this.#digests.lookAt(path);
    try {
      if (!(await this.#copy(path, part))) {
        const sha256 = known ?? (await remember(await hashFile(path)));
        return { path, original: path, ...from, sha256, sizeBytes: (await stat(path)).size };
      }
      await chmod(part, 0o600); // the copy has the original's mode, which may forbid reading
      const sha256 = known ?? (await remember(await hashFile(part)));
      const { size } = await stat(part);
      const copy = join(this.#folder, sha256);
      await renameFile(part, copy);
      return { path: copy, ...from, sha256, sizeBytes: size };
    } finally {
      await discard(part);
    }
  }

  /** @returns Whether there is a copy */
  async #copy(path: string, part: string): Promise<boolean> {
    if (this.#isCloning) {
      const problem = await cloneToNew(path, part).then(
        () => undefined,
        (error: unknown) => systemCodeOf(error) ?? "",
      );
      if (problem === undefined) return true;
      if (cannotClone.has(problem)) this.#isCloning = false; // it never can: do not ask for each of many files
    }
    const { size } = await stat(path);
    if (size > this.#roomBytes) return false;
    const isCopied = await copyToNew(path, part).then(
      () => true,
      () => false, // a full disk, for example
    );
    if (isCopied) this.#roomBytes -= size;
    return isCopied;
  }
}
