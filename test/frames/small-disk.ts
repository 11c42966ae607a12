import { execFile } from "node:child_process";
import { statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { makeTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";

const run = promisify(execFile);

/**
 * A separate disk of 256 KiB: `await using`.
 *
 * @param files How many files it can hold (default: more than a test makes)
 */
export async function makeSmallDisk(files = 1000): Promise<TemporaryFolder> {
  const folder = await makeTemporaryFolder();
  await run("mount", ["-t", "tmpfs", "-o", `size=256k,nr_inodes=${files}`, "tmpfs", folder.path]);
  const dispose = async () => {
    await run("umount", ["-l", folder.path]);
    await folder[Symbol.asyncDispose]();
  };
  return { path: folder.path, [Symbol.asyncDispose]: dispose };
}

/** Fills the disk except for a number of bytes; removing the returned file frees the space again. */
export async function fill(folder: string, but = 0): Promise<string> {
  const { bavail, bsize } = await statfs(folder);
  const filler = join(folder, "filler");
  await writeFile(filler, new Uint8Array(bavail * bsize - but));
  return filler;
}

export async function whyNoDisk(): Promise<string | undefined> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "only root on Linux can make a small disk";
  const disk = await makeSmallDisk().catch(() => undefined);
  await disk?.[Symbol.asyncDispose]();
  return disk === undefined ? "no tmpfs can be mounted here" : undefined;
}
