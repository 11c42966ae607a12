import { createHash, randomBytes } from "node:crypto";
import { appendFile, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { type FrameFormat, largestFrameBytes } from "../../src/frames/check/frame-expectation.ts";
import { frameFileName, frameOfFileName } from "../../src/frames/frame-name.ts";
import type { FrameRecord } from "../../src/frames/frame-record.ts";
import { FrameStore } from "../../src/frames/frame-store.ts";
import { withChunk } from "../support/odd-chunks.ts";
import { makePng, pngChunk } from "../support/png.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";

const format: FrameFormat = { width: 32, height: 20, depth: 8, colorMode: "RGB" };

function openStore(folder: TemporaryFolder, wanted: FrameFormat = format): Promise<FrameStore> {
  const [framesFolder, logPath] = [join(folder.path, "frames"), join(folder.path, "frames.ndjson")];
  return FrameStore.open({ framesFolder, logPath, format: wanted });
}

function recordOf(frame: number, png: Uint8Array): FrameRecord {
  const sha256 = createHash("sha256").update(png).digest("hex");
  const node = { id: "00112233445566778899aabbccddeeff", name: "desk" };
  return { frame, node, blender: "3.4.1", device: "CPU", attempts: 1, seconds: 1.5, sha256, sizeBytes: png.length };
}

/** Sends a frame in pieces of 100 bytes. */
async function store(into: FrameStore, frame: number, png = makePng(format, frame)): Promise<boolean> {
  await using incoming = await into.receive(recordOf(frame, png));
  for await (const { write } of incoming.parts()) {
    for (let at = 0; at < png.length; at += 100) await write(png.subarray(at, at + 100));
  }
  return await incoming.commit();
}

describe("FrameStore sets aside a frame that the output cannot be made with", () => {
  test("and stores it again, whichever node sends it", async () => {
    await using folder = await makeTemporaryFolder();
    const [frame1, aside] = [makePng(format, 1), join(folder.path, "refused")];
    {
      await using first = await openStore(folder);
      for (const frame of [1, 2]) await store(first, frame);
      const path = await first.setAside(1, { refused: "it cannot be read" });
      expect(path).toBe(join(aside, `0000001.${recordOf(1, frame1).sha256.slice(0, 8)}.png`));
      expect(await readFile(path)).toEqual(frame1);
      expect(first.stored).toEqual([2]);
      expect(first.recordOf(1)).toBeUndefined();
      await expect(first.setAside(1, { refused: "again" })).rejects.toThrow("not stored");
    }
    {
      await using second = await openStore(folder);
      expect(second.stored).toEqual([2]);
      expect(second.refusedBefore).toEqual([{ ...recordOf(1, frame1), refused: "it cannot be read" }]);
      await store(second, 1);
    }
    await using third = await openStore(folder);
    expect(third.stored).toEqual([1, 2]);
    expect(third.recordOf(1)).toEqual(recordOf(1, frame1));
    expect(await readdir(aside)).toHaveLength(1); // kept so that people can look at it
  });

  test("and does not count it as stored when killed before the file is moved", async () => {
    await using folder = await makeTemporaryFolder();
    {
      await using first = await openStore(folder);
      for (const frame of [1, 2]) await store(first, frame);
    }
    const refused = { ...recordOf(1, makePng(format, 1)), refused: "it cannot be read" };
    await appendFile(join(folder.path, "frames.ndjson"), `${JSON.stringify(refused)}\n`);
    await using second = await openStore(folder);
    expect(second.stored).toEqual([2]);
    expect(await readdir(join(folder.path, "frames"))).toEqual(["0000002.png"]);
  });
});

test("FrameStore moves frames away whose files have changed, keeps them, and stores them again", async () => {
  await using folder = await makeTemporaryFolder();
  const [framesFolder, logPath] = [join(folder.path, "frames"), join(folder.path, "frames.ndjson")];
  const openWith = (digest: (frame: number) => string | undefined) =>
    FrameStore.open({ framesFolder, logPath, format, isCurrent: ({ frame, files }) => files === digest(frame) });
  const put = async (into: FrameStore, frame: number, files: string | undefined) => {
    const png = makePng(format, frame);
    await using incoming = await into.receive({ ...recordOf(frame, png), ...(files !== undefined && { files }) });
    for await (const { write } of incoming.parts()) await write(png);
    await incoming.commit();
  };
  {
    await using first = await openWith(String);
    for (const frame of [1, 2, 3]) await put(first, frame, frame === 3 ? undefined : String(frame));
    expect(first.outdated).toBe(null);
  }
  {
    await using second = await openWith((frame) => (frame === 1 ? "1" : "other"));
    expect(second.stored).toEqual([1]);
    expect(second.outdated?.frames).toEqual([2, 3]);
    expect(await readdir(second.outdated?.folder ?? "")).toEqual(["0000002.png", "0000003.png"]);
    await put(second, 2, "other");
  }
  await using third = await openWith((frame) => (frame === 1 ? "1" : "other"));
  expect(third.stored).toEqual([1, 2]);
  expect(third.outdated).toBe(null);
});

test("FrameStore does not keep a frame of an earlier run with a chunk that Blender does not write", async () => {
  await using folder = await makeTemporaryFolder();
  {
    await using first = await openStore(folder);
    await store(first, 1);
  }
  const odd = withChunk(makePng(format, 2), pngChunk("acTL", Buffer.alloc(8))); // as an old release stored it
  await writeFile(join(folder.path, "frames", "0000002.png"), odd);
  await appendFile(join(folder.path, "frames.ndjson"), `${JSON.stringify(recordOf(2, odd))}\n`);
  await using second = await openStore(folder);
  expect(second.stored).toEqual([1]);
  expect(await readdir(join(folder.path, "frames"))).toEqual(["0000001.png"]);
});

describe("FrameStore keeps a frame that passed its check", () => {
  test("and a later run finds it", async () => {
    await using folder = await makeTemporaryFolder();
    {
      await using first = await openStore(folder);
      for (const frame of [3, -7, 1]) expect(await store(first, frame)).toBe(true);
      expect(first.reused).toBe(0);
      expect(first.stored).toEqual([-7, 1, 3]);
      expect(first.has(3)).toBe(true);
      expect(first.has(2)).toBe(false);
      expect(await readFile(first.pathOf(-7))).toEqual(makePng(format, -7));
    }
    expect(await readdir(join(folder.path, "frames"))).toEqual(["-0000007.png", "0000001.png", "0000003.png"]);
    await using second = await openStore(folder);
    expect(second.reused).toBe(3);
    expect(second.recordOf(3)).toEqual(recordOf(3, makePng(format, 3)));
  });

  test("once: a second result is dropped without blame, even when both arrive together", async () => {
    await using folder = await makeTemporaryFolder();
    await using into = await openStore(folder);
    const results = await Promise.all([store(into, 1), store(into, 1), store(into, 2)]);
    expect(results.filter(Boolean)).toHaveLength(2);
    expect(await store(into, 1)).toBe(false);
    expect(await readdir(join(folder.path, "frames"))).toEqual(["0000001.png", "0000002.png"]);
    expect((await readFile(join(folder.path, "frames.ndjson"), "utf8")).trim().split("\n")).toHaveLength(2);
  });

  test.skipIf(process.platform === "win32")("readable by its owner only", async () => {
    await using folder = await makeTemporaryFolder();
    await using into = await openStore(folder);
    await store(into, 1);
    const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
    expect(await modeOf(into.pathOf(1))).toBe(0o600);
    expect(await modeOf(join(folder.path, "frames"))).toBe(0o700);
    expect(await modeOf(join(folder.path, "frames.ndjson"))).toBe(0o600);
  });
});

describe("FrameStore refuses anything but the right frame, and leaves none of it on disk", () => {
  test("more announced bytes than such a frame can have, before it looks at the disk", async () => {
    await using folder = await makeTemporaryFolder();
    await using into = await openStore(folder);
    const announced = { ...recordOf(1, makePng(format, 1)), sizeBytes: 2 ** 50 };
    const receiving = into.receive(announced);
    await expect(receiving).rejects.toMatchObject({ code: "FARM_FRAME_INVALID", reason: "WRONG_LENGTH" });
    expect(await readdir(join(folder.path, "frames"))).toEqual([]);
  });

  test.each([
    { width: 32, height: 20, depth: 16, colorMode: "RGBA" },
    { width: 1920, height: 1080, depth: 8, colorMode: "RGB" },
    { width: 1, height: 1, depth: 8, colorMode: "BW" },
  ] as const)("but not a frame of noise that PNG cannot compress (%o)", (wanted) => {
    const channels = { BW: 1, RGB: 3, RGBA: 4 }[wanted.colorMode];
    const rows = randomBytes((1 + (wanted.width * channels * wanted.depth) / 8) * wanted.height);
    const packed = deflateSync(rows, { level: 9 }).length;
    expect(largestFrameBytes(wanted)).toBeGreaterThan(packed + 65_536);
    expect(largestFrameBytes(wanted)).toBeLessThan(rows.length * 1.1 + 2 ** 21);
  });

  const good = makePng(format, 1);
  test.each([
    ["too few bytes", good, good.subarray(0, -1), "WRONG_LENGTH"],
    ["too many bytes", good, Buffer.concat([good, Buffer.from("x")]), "WRONG_LENGTH"],
    ["other bytes", good, Buffer.from(good).fill(0, 60, 61), "WRONG_DIGEST"],
    ["another frame", makePng(format, 2), makePng(format, 2), "WRONG_FRAME"],
    ["another size", makePng({ ...format, width: 31 }, 1), makePng({ ...format, width: 31 }, 1), "WRONG_SIZE"],
    ["a cut PNG", good.subarray(0, -20), good.subarray(0, -20), "TRUNCATED"],
  ])("%s", async (_, announced, sent, reason) => {
    await using folder = await makeTemporaryFolder();
    await using into = await openStore(folder);
    const receiving = (async () => {
      await using incoming = await into.receive(recordOf(1, announced));
      for await (const { write } of incoming.parts()) await write(sent);
      await incoming.commit();
    })();
    await expect(receiving).rejects.toMatchObject({ code: "FARM_FRAME_INVALID", reason, frame: 1 });
    expect(await readdir(join(folder.path, "frames"))).toEqual([]);
    expect(await store(into, 1)).toBe(true);
  });

  test("a transfer that was abandoned halfway", async () => {
    await using folder = await makeTemporaryFolder();
    await using into = await openStore(folder);
    {
      await using incoming = await into.receive(recordOf(1, good));
      for await (const { write } of incoming.parts()) await write(good.subarray(0, 50));
      const [part = "", ...others] = await readdir(join(folder.path, "frames"));
      expect((await stat(join(folder.path, "frames", part))).size).toBe(50);
      expect(others).toEqual([]);
    }
    expect(await readdir(join(folder.path, "frames"))).toEqual([]);
  });

  test("a frame whose check was aborted", async () => {
    await using folder = await makeTemporaryFolder();
    await using into = await openStore(folder);
    await using incoming = await into.receive(recordOf(1, good));
    for await (const { write } of incoming.parts()) await write(good);
    await expect(incoming.commit(AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
    expect(into.has(1)).toBe(false);
    expect(await readdir(join(folder.path, "frames"))).toEqual([]);
  });
});

describe("FrameStore opens after a crash", () => {
  async function storeThree(folder: TemporaryFolder): Promise<void> {
    await using into = await openStore(folder);
    for (const frame of [1, 2, 3]) await store(into, frame);
  }

  test("with its last line cut short: the line is dropped, and the next one takes its place", async () => {
    await using folder = await makeTemporaryFolder();
    await storeThree(folder);
    const log = join(folder.path, "frames.ndjson");
    const whole = await readFile(log, "utf8");
    for (const torn of ['{"frame":4,"node":{"id"', "{", '{"frame":4}']) {
      await writeFile(log, whole + torn);
      await using into = await openStore(folder);
      expect(into.stored).toEqual([1, 2, 3]);
      expect(await readFile(log, "utf8")).toBe(whole);
    }
    await using into = await openStore(folder);
    await store(into, 4);
    expect(
      (await readFile(log, "utf8"))
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).frame),
    ).toEqual([1, 2, 3, 4]);
  });

  test("with a damaged line in the middle: only that frame is lost", async () => {
    await using folder = await makeTemporaryFolder();
    await storeThree(folder);
    const log = join(folder.path, "frames.ndjson");
    const lines = (await readFile(log, "utf8")).split("\n");
    await writeFile(log, [lines[0], "\0\0\0", lines[2], ""].join("\n"));
    await using into = await openStore(folder);
    expect(into.stored).toEqual([1, 3]);
    expect(await readdir(join(folder.path, "frames"))).toEqual(["0000001.png", "0000003.png"]);
  });

  test.each([
    ["is gone", (path: string) => rm(path)],
    ["is empty", (path: string) => writeFile(path, "")],
    ["was cut", async (path: string) => writeFile(path, (await readFile(path)).subarray(0, -1))],
    [
      "has other bytes of the same length",
      async (path: string) => writeFile(path, (await readFile(path)).fill(1, 70, 71)),
    ],
    [
      "is another valid frame with that number",
      (path: string) => writeFile(path, makePng({ ...format, depth: 16 }, 2)),
    ],
  ])("where a frame's file %s: it is rendered again", async (_, damage) => {
    await using folder = await makeTemporaryFolder();
    await storeThree(folder);
    const path = join(folder.path, "frames", frameFileName(2));
    await damage(path);
    await using into = await openStore(folder);
    expect(into.stored).toEqual([1, 3]);
    expect(await store(into, 2)).toBe(true);
    await using again = await openStore(folder);
    expect(again.reused).toBe(3);
  });

  test("with partial files and unrecorded frames: they are deleted, other people's files stay", async () => {
    await using folder = await makeTemporaryFolder();
    await storeThree(folder);
    const frames = join(folder.path, "frames");
    for (const name of ["0000009.png", "0000002.png.0a1b2c3d.part", "notes.txt", "mine.png"]) {
      await appendFile(join(frames, name), "x");
    }
    await using into = await openStore(folder);
    expect(into.stored).toEqual([1, 2, 3]);
    expect(await readdir(frames)).toEqual(["0000001.png", "0000002.png", "0000003.png", "mine.png", "notes.txt"]);
  });

  test("with frames of a different size than this run needs: none is used", async () => {
    await using folder = await makeTemporaryFolder();
    await storeThree(folder);
    await using into = await openStore(folder, { ...format, depth: 16 });
    expect(into.stored).toEqual([]);
  });
});

test("FrameStore says FARM_STORE_FAILED when its folder cannot be used", async () => {
  await using folder = await makeTemporaryFolder();
  await writeFile(join(folder.path, "frames"), "a file");
  await expect(openStore(folder)).rejects.toMatchObject({ code: "FARM_STORE_FAILED" });
});

test("FrameStore says how much space is needed when there is too little", async () => {
  await using folder = await makeTemporaryFolder();
  await using into = await openStore(folder, { ...format, width: 2 ** 22, height: 2 ** 22 });
  const record = { ...recordOf(1, makePng(format, 1)), sizeBytes: 2 ** 44 };
  await expect(into.receive(record)).rejects.toMatchObject({
    code: "FARM_STORE_FAILED",
    hint: expect.stringMatching(/about 18 TB needed, [\d.]+ [kMGT]?B free/),
  });
});

test("frame file names give the frame number, and sort by it", () => {
  for (const frame of [0, 1, 24, -1, -7, 1_048_574, -1_048_574]) {
    expect(frameOfFileName(frameFileName(frame))).toBe(frame);
  }
  const names = (frames: readonly number[]) => frames.map((frame) => frameFileName(frame));
  expect(names([100, 24, 9, 0]).sort()).toEqual(names([0, 9, 24, 100]));
  for (const name of ["1.png", "-0000000.png", "0000001.png.part", "x0000001.png"]) {
    expect(frameOfFileName(name)).toBeNull();
  }
});
