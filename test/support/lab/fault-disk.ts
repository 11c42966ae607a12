import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { onTestFinished } from "vitest";

/** A small file system mounted on a folder: `await using`, after the lab that owns the folder. */
export interface SmallDisk extends AsyncDisposable {
  readonly path: string;
  /** Fills the disk to the last byte. */
  fill(): Promise<void>;
  /** Removes what `fill` wrote. */
  empty(): Promise<void>;
  /** Makes the disk read-only. */
  protect(): Promise<void>;
}

/** Mounts a small tmpfs, which is unmounted when the test ends. */
export async function mountSmallDisk(path: string, megabytes: number): Promise<SmallDisk> {
  await mkdir(path, { recursive: true });
  await execa("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "renderfarm-test", path]);
  // Lazily: a process that is still ending may use it.
  const unmount = async () => void (await execa("umount", ["-l", path], { reject: false }));
  onTestFinished(unmount); // a test that timed out never reaches the end of its `await using`
  const filler = join(path, "filler");
  return {
    path,
    fill: async () => {
      const file = await open(filler, "w");
      try {
        for (let pieceBytes = 1024 * 1024; pieceBytes >= 1; pieceBytes = Math.floor(pieceBytes / 4)) {
          const piece = Buffer.alloc(pieceBytes, 1);
          while (await fits(file.write(piece))) {
            // until it is full
          }
        }
      } finally {
        await file.close();
      }
    },
    empty: () => rm(filler, { force: true }),
    protect: async () => void (await execa("mount", ["-o", "remount,ro", path])),
    [Symbol.asyncDispose]: unmount,
  };
}

async function fits(writing: Promise<{ bytesWritten: number }>): Promise<boolean> {
  try {
    return (await writing).bytesWritten > 0;
  } catch {
    return false;
  }
}
