import { randomBytes } from "node:crypto";
import { chmod, stat } from "node:fs/promises";
import { join } from "node:path";
import { syncFile, syncFolder } from "../system/files/durable.ts";
import { hashFile } from "../system/files/hash-file.ts";
import { copyToNew, discard, renameFile } from "../system/files/held-files.ts";
import { openRegularFile } from "../system/files/regular-file.ts";
import { isBlobName, makeOwnFolder, removeOwnFiles } from "./own-names.ts";

/** The blendfile as it was when the job started. */
export interface BlendCopy {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/**
 * Copies a blendfile to `<folder>/<sha256>`, so that a late node gets the same file even if the artist saves it again.
 *
 * A hard link is not enough: some programs save in place. Where the file system can, the copy shares its blocks with
 * the original and costs nothing. The digest is that of the copy, so it is right even if the original changes
 * meanwhile. Older blendfiles in the folder, and unfinished copies, are removed; files with other names are not ours,
 * and stay.
 */
export async function copyBlend(source: string, folder: string, signal?: AbortSignal): Promise<BlendCopy> {
  await makeOwnFolder(folder);
  await requireRegularFile(source);
  const part = join(folder, `${randomBytes(4).toString("hex")}.part`);
  try {
    await copyToNew(source, part);
    signal?.throwIfAborted();
    await chmod(part, 0o600); // the copy has the original's mode, which may forbid writing
    await syncFile(part);
    const sha256 = await hashFile(part, signal);
    const { size } = await stat(part);
    const path = join(folder, sha256);
    await renameFile(part, path);
    await syncFolder(folder);
    await removeOwnFiles(folder, (name) => name !== sha256 && isBlobName(name));
    return { path, sha256, sizeBytes: size };
  } finally {
    await discard(part);
  }
}

/** The file was checked before, but copying uses the path, which may name something else by now. */
async function requireRegularFile(path: string): Promise<void> {
  const file = await openRegularFile(path);
  await file.close();
}
