import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readBlendHeader } from "../../src/blendfile/blend-header.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "renderfarm-header-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileWith(name: string, content: Uint8Array | string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

/** One zstd frame that holds `content` in a raw block, so that no packer is needed here. */
function zstd(content: string): Buffer {
  const body = Buffer.from(content, "latin1");
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, body.length]);
  const block = (body.length << 3) | 1;
  return Buffer.concat([header, Buffer.from([block & 255, (block >> 8) & 255, block >> 16]), body]);
}

describe("readBlendHeader() names the Blender that saved the file", () => {
  test.each([
    ["BLENDER-v279", "2.79"],
    ["BLENDER_v283", "2.83"],
    ["BLENDER_V304", "3.4"],
    ["BLENDER-v403", "4.3"],
    ["BLENDER17-01v0500", "5.0"],
    ["BLENDER17-01v0502", "5.2"],
  ])("%s", async (header, savedBy) => {
    const content = `${header}REND${"x".repeat(100)}`;

    expect(await readBlendHeader(await fileWith("a.blend", content))).toEqual({ savedBy, compression: "none" });
    expect(await readBlendHeader(await fileWith("a.blend", gzipSync(content)))).toEqual({
      savedBy,
      compression: "gzip",
    });
    expect(await readBlendHeader(await fileWith("a.blend", zstd(content)))).toEqual({ savedBy, compression: "zstd" });
  });

  test("of a truncated gzip file", async () => {
    const packed = gzipSync(`BLENDER-v279${"abcdefgh".repeat(100_000)}`);
    const path = await fileWith("cut.blend", packed.subarray(0, packed.length / 2));
    expect((await readBlendHeader(path)).savedBy).toBe("2.79");
  });
});

describe("readBlendHeader() refuses", () => {
  test.each([
    ["an empty file", ""],
    ["a truncated header", "BLENDER-v3"],
    ["a picture", "\x89PNG\r\n\x1a\n0123456789abcdef"],
    ["a header without digits", "BLENDER-vabcREND0123"],
    ["gzip of something else", gzipSync("something else, long enough for a header")],
    ["only a gzip header", gzipSync("BLENDER-v279REND").subarray(0, 8)],
    ["broken gzip", Buffer.concat([gzipSync("x").subarray(0, 10), Buffer.alloc(50, 0xff)])],
    ["only a zstd header", Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
    ["broken zstd", Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), Buffer.alloc(500, 0xff)])],
  ])("%s", async (_, content) => {
    const path = await fileWith("bad.blend", content);
    await expect(readBlendHeader(path)).rejects.toMatchObject({ code: "FARM_NOT_A_BLEND" });
  });

  test("a folder", async () => {
    await mkdir(join(folder, "folder.blend"));
    await expect(readBlendHeader(join(folder, "folder.blend"))).rejects.toMatchObject({ code: "FARM_NOT_A_BLEND" });
  });

  test("a path that does not exist", async () => {
    await expect(readBlendHeader(join(folder, "none.blend"))).rejects.toMatchObject({ code: "FARM_BLEND_NOT_FOUND" });
    await expect(readBlendHeader(join(await fileWith("f", "x"), "a.blend"))).rejects.toMatchObject({
      code: "FARM_BLEND_NOT_FOUND",
    });
  });
});

describe("a compressed file that claims too much is refused at once, without taking the memory", () => {
  /** Blocks of one repeated byte: 4 bytes in the file, 128 KiB unpacked; RFC 8878, 3.1.1.2. */
  const bombOf = (window: number) => {
    const block = Buffer.alloc(4);
    block.writeUIntLE(((128 * 1024) << 3) | 2, 0, 3);
    block.write("B", 3);
    return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, window]), ...Array(16_000).fill(block)]);
  };

  test.each([
    ["two gigabytes of one letter", 0x50],
    ["a window of terabytes", 0xff],
  ])("%s", async (_, window) => {
    const folder = await mkdtemp(join(tmpdir(), "renderfarm-header-"));
    try {
      const path = join(folder, "bomb.blend");
      await writeFile(path, bombOf(window));
      const before = process.memoryUsage().rss;
      await expect(readBlendHeader(path)).rejects.toMatchObject({ code: "FARM_NOT_A_BLEND" });
      expect(process.memoryUsage().rss - before).toBeLessThan(300e6);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
