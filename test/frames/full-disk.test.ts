import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { writeAll } from "../../src/frames/durable.ts";
import { FrameLog } from "../../src/frames/frame-log.ts";
import type { FrameRecord } from "../../src/frames/frame-record.ts";
import { FrameStore } from "../../src/frames/frame-store.ts";
import { skipBecause } from "../support/skip.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

const run = promisify(execFile);
const node = { id: "00112233445566778899aabbccddeeff", name: "desk" };

function recordOf(frame: number, bytes: Uint8Array): FrameRecord {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { frame, node, blender: "3.4.1", device: "CPU", attempts: 1, seconds: 1.5, sha256, sizeBytes: bytes.length };
}

describe("writeAll()", () => {
  /** Takes at most so many bytes at a time, like a disk with little room. */
  function shortHandle(sizes: number[]) {
    const taken: number[] = [];
    const write = async (bytes: Uint8Array, at: number, length: number, position: number) => {
      expect(position).toBe(1000 + at);
      const bytesWritten = Math.min(length, sizes.shift() ?? 0);
      taken.push(...bytes.subarray(at, at + bytesWritten));
      return { bytesWritten, buffer: bytes };
    };
    return { taken, handle: { write } as unknown as Parameters<typeof writeAll>[0] };
  }

  test("goes on where a write stopped short", async () => {
    const { taken, handle } = shortHandle([3, 1, 4]);
    await writeAll(handle, Uint8Array.of(1, 2, 3, 4, 5, 6, 7), 1000);
    expect(taken).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test("fails as a full disk does when nothing more is taken", async () => {
    const { handle } = shortHandle([3]);
    await expect(writeAll(handle, new Uint8Array(7), 1000)).rejects.toMatchObject({ code: "ENOSPC" });
  });
});

/** A disk of 256 KiB. */
async function makeSmallDisk() {
  const folder = await makeTemporaryFolder();
  await run("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", folder.path]);
  const dispose = async () => {
    await run("umount", ["-l", folder.path]);
    await folder[Symbol.asyncDispose]();
  };
  return { path: folder.path, [Symbol.asyncDispose]: dispose };
}

/** Takes all the room there is, but for so many bytes. */
async function fill(folder: string, but: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  await writeFile(join(folder, "filler"), new Uint8Array(bavail * bsize - but));
}

async function whyNoDisk(): Promise<string | undefined> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "only root on Linux can make a small disk";
  const disk = await makeSmallDisk().catch(() => undefined);
  await disk?.[Symbol.asyncDispose]();
  return disk === undefined ? "no tmpfs can be mounted here" : undefined;
}

describe.skipIf(skipBecause(await whyNoDisk()))("a disk that becomes full within a write", () => {
  test("is what the error names, not the node whose frame it was", async () => {
    await using disk = await makeSmallDisk();
    const [framesFolder, logPath] = [join(disk.path, "frames"), join(disk.path, "frames.ndjson")];
    const format = { width: 32, height: 20, depth: 8, colorMode: "RGB" } as const;
    await using store = await FrameStore.open({ framesFolder, logPath, format });
    const bytes = new Uint8Array(100_000);
    await using incoming = await store.receive(recordOf(1, bytes));
    await fill(disk.path, 65_536);
    await expect(incoming.write(bytes)).rejects.toMatchObject({
      code: "FARM_STORE_FAILED",
      message: expect.stringContaining("ENOSPC"),
    });
  });

  test("leaves the frame log as it was, and what it says is stored is on the disk", async () => {
    await using disk = await makeSmallDisk();
    const path = join(disk.path, "frames.ndjson");
    const stored: number[] = [];
    {
      await using log = await FrameLog.open(path);
      await log.append(recordOf(0, new Uint8Array(1)));
      await fill(disk.path, 0);
      for (let frame = 1; frame < 40; frame++) {
        const isStored = await log.append(recordOf(frame, new Uint8Array(1))).then(
          () => true,
          (error: unknown) => {
            expect(error).toMatchObject({ code: "ENOSPC" });
            return false;
          },
        );
        if (isStored) stored.push(frame);
      }
    }
    expect(stored.length).toBeGreaterThan(5); // to the end of the page that it had
    expect(stored.length).toBeLessThan(39);
    expect((await readFile(path, "utf8")).endsWith("}\n")).toBe(true);
    await using again = await FrameLog.open(path);
    expect(again.records.map(({ frame }) => frame)).toEqual([0, ...stored]);
  });
});
