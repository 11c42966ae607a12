import { createHash, randomBytes } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { chmod, copyFile, mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { renameFile, syncFolder } from "./durable.ts";

/** The blendfile as it was when the job began. */
export interface BlendCopy {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/**
 * Copies a blendfile to `<folder>/<sha256>`, so that a late node gets the same one while the artist goes on saving.
 *
 * A hard link would not do: some programs save in place. On file systems that can, the copy shares its blocks with the
 * original and costs nothing. The digest is that of the copy, so it is right whatever happens to the original meanwhile.
 * Any other file in the folder is an older blendfile, or a part of one, and is removed.
 */
export async function copyBlend(source: string, folder: string, signal?: AbortSignal): Promise<BlendCopy> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const part = join(folder, `${randomBytes(4).toString("hex")}.part`);
  try {
    await copyFile(source, part, constants.COPYFILE_FICLONE);
    signal?.throwIfAborted();
    await chmod(part, 0o600); // the copy has the original's mode, which may forbid writing
    await syncFile(part);
    const sha256 = await hashFile(part, signal);
    const { size } = await stat(part);
    const path = join(folder, sha256);
    await renameFile(part, path);
    await syncFolder(folder);
    for (const name of await readdir(folder)) {
      if (name !== sha256) await rm(join(folder, name), { force: true });
    }
    return { path, sha256, sizeBytes: size };
  } finally {
    await rm(part, { force: true });
  }
}

/** SHA-256 of a file, in 64 hexadecimal digits; read as a stream. */
export async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    signal?.throwIfAborted();
    hash.update(piece);
  }
  return hash.digest("hex");
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
