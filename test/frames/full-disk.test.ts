import { createHash } from "node:crypto";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { FrameLog } from "../../src/frames/frame-log.ts";
import type { FrameRecord } from "../../src/frames/frame-record.ts";
import { FrameStore } from "../../src/frames/frame-store.ts";
import { JobFolder } from "../../src/frames/job-folder.ts";
import { writeAll } from "../../src/system/files/durable.ts";
import { skipBecause } from "../support/skip.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { fill, makeSmallDisk, whyNoDisk } from "./small-disk.ts";

const node = { id: "00112233445566778899aabbccddeeff", name: "desk" };

function recordOf(frame: number, bytes: Uint8Array): FrameRecord {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { frame, node, blender: "3.4.1", device: "CPU", attempts: 1, seconds: 1.5, sha256, sizeBytes: bytes.length };
}

describe("writeAll()", () => {
  /** Accepts a limited number of bytes per write, like a disk with little space. */
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

  test("continues where a short write stopped", async () => {
    const { taken, handle } = shortHandle([3, 1, 4]);
    await writeAll(handle, Uint8Array.of(1, 2, 3, 4, 5, 6, 7), 1000);
    expect(taken).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test("fails like a full disk when a write accepts nothing", async () => {
    const { handle } = shortHandle([3]);
    await expect(writeAll(handle, new Uint8Array(7), 1000)).rejects.toMatchObject({ code: "ENOSPC" });
  });
});

describe.skipIf(skipBecause(await whyNoDisk()))("a disk that becomes full during a write", () => {
  test("is named in the error, not the node whose frame it was", async () => {
    await using disk = await makeSmallDisk();
    const [framesFolder, logPath] = [join(disk.path, "frames"), join(disk.path, "frames.ndjson")];
    const format = { width: 32, height: 20, depth: 8, colorMode: "RGB" } as const;
    await using store = await FrameStore.open({ framesFolder, logPath, format });
    const bytes = new Uint8Array(100_000);
    await using incoming = await store.receive(recordOf(1, bytes));
    await fill(disk.path, 65_536);
    for await (const { write } of incoming.parts()) {
      await expect(write(bytes)).rejects.toMatchObject({
        code: "FARM_STORE_FAILED",
        message: expect.stringContaining("ENOSPC"),
      });
    }
  });

  test("leaves the frame log as it was, and every frame in it is on the disk", async () => {
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
    expect(stored.length).toBeGreaterThan(5); // up to the end of its last page
    expect(stored.length).toBeLessThan(39);
    expect((await readFile(path, "utf8")).endsWith("}\n")).toBe(true);
    await using again = await FrameLog.open(path);
    expect(again.records.map(({ frame }) => frame)).toEqual([0, ...stored]);
  });
});

describe.skipIf(skipBecause(await whyNoDisk()))(
  "a full disk: the error says how much is needed and how much is free",
  () => {
    test("when not even the job folder can be created", async () => {
      await using disk = await makeSmallDisk();
      const filler = await fill(disk.path);
      const output = join(disk.path, "film.mp4");
      await expect(JobFolder.open(output)).rejects.toMatchObject({
        code: "FARM_OUTPUT_UNWRITABLE",
        message: expect.stringContaining("ENOSPC"),
        hint: expect.stringMatching(/^Free space for .*film\.mp4\.renderfarm \(at least 1\.0 MB needed, 0 B free\)/),
      });
      await rm(filler);
      await using _folder = await JobFolder.open(output);
    });

    test("when the blendfile does not fit, and no part of it stays", async () => {
      await using source = await makeTemporaryFolder();
      const blend = join(source.path, "scene.blend");
      await writeFile(blend, new Uint8Array(3_000_000));
      await using disk = await makeSmallDisk();
      await using folder = await JobFolder.open(join(disk.path, "film.mp4"));
      await expect(folder.keepBlend(blend)).rejects.toMatchObject({
        code: "FARM_STORE_FAILED",
        hint: expect.stringMatching(/about 3\.0 MB needed, \d+ (k?B) free/),
      });
      expect(await readdir(join(folder.path, "blob"))).toEqual([]);
    });

    test("when the job's record does not fit, and the old record stays", async () => {
      await using disk = await makeSmallDisk();
      await using folder = await JobFolder.open(join(disk.path, "film.mp4"));
      const blend = { path: "", sha256: "a".repeat(64), sizeBytes: 1 };
      const plan = { fingerprint: "print", blenderVersion: null, blend, settings: {}, isFresh: false };
      await folder.begin(plan);
      const before = await readFile(join(folder.path, "job.json"), "utf8");
      await fill(disk.path);
      const noRoom = { code: "FARM_STORE_FAILED", hint: expect.stringMatching(/at least 1\.0 MB needed, 0 B free/) };
      await expect(folder.writeFacts({ frames: "1-8" })).rejects.toMatchObject(noRoom);
      await expect(folder.begin({ ...plan, isFresh: true })).rejects.toMatchObject(noRoom);
      expect(await readFile(join(folder.path, "job.json"), "utf8")).toBe(before);
      expect((await readdir(folder.path)).sort()).toEqual(["job.json", "lock"]);
    });

    test("when the disk can hold no more files", async () => {
      await using disk = await makeSmallDisk(3); // itself and what a store creates first
      await using store = await FrameStore.open({
        ...{ framesFolder: join(disk.path, "frames"), logPath: join(disk.path, "frames.ndjson") },
        format: { width: 32, height: 20, depth: 8, colorMode: "RGB" },
      });
      await expect(store.receive(recordOf(1, new Uint8Array(100)))).rejects.toMatchObject({
        code: "FARM_STORE_FAILED",
        hint: expect.stringMatching(/about 100 B needed, .* free; perhaps a quota, or the number of files/),
      });
    });
  },
);
