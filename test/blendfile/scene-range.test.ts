import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync, inflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { parseSceneRange, readSceneRange } from "../../src/blendfile/scene-range.ts";
import { beginnings } from "../support/blend-beginnings.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { zstdFrame } from "../support/zstd-frame.ts";

/** What these Blenders were asked to save: a scene "Akt" from 0 to 123. */
const saved = { scene: "Akt", frameStart: 0, frameEnd: 123 };
const beginning = (version: keyof typeof beginnings) => inflateRawSync(Buffer.from(beginnings[version], "base64"));
const versions = Object.keys(beginnings) as (keyof typeof beginnings)[];

describe("the range of the active scene is read without Blender", () => {
  test.each(versions)("from what Blender %s saved: plain, in gzip and in zstd", async (version) => {
    await using folder = await makeTemporaryFolder();
    const path = join(folder.path, "scene.blend");
    const plain = Buffer.concat([beginning(version), Buffer.alloc(300)]);
    for (const form of [plain, gzipSync(plain), zstdFrame(plain)]) {
      await writeFile(path, form);
      expect(await readSceneRange(path)).toEqual(saved);
    }
  });

  test("also frames below zero, and names that are not ASCII", () => {
    const bytes = beginning("3.4");
    bytes.writeInt32LE(-20, 36);
    bytes.fill(0, 44, 108).write("Überblick", 44);
    expect(parseSceneRange(bytes)).toEqual({ scene: "Überblick", frameStart: -20, frameEnd: 123 });
  });
});

describe("the range is unknown, and nothing fails,", () => {
  test.each(versions)("wherever a file of Blender %s ends", (version) => {
    const bytes = beginning(version);
    for (let length = 0; length < bytes.length; length++) expect(parseSceneRange(bytes.subarray(0, length))).toBeNull();
    expect(parseSceneRange(bytes)).toEqual(saved);
  });

  const odd: Record<string, (bytes: Buffer) => unknown> = {
    "another block comes first": (bytes) => bytes.write("GLOB", 12),
    "a second scene has a range there": (bytes) => bytes.write("REND", 108),
    "the range ends before it starts": (bytes) => bytes.writeInt32LE(-1, 40),
    "a frame is none of Blender's": (bytes) => bytes.writeInt32LE(-2_000_000, 36),
    "the name is empty": (bytes) => bytes.fill(0, 44, 108),
    "the name has no end": (bytes) => bytes.fill(65, 44, 108),
    "the block is too short": (bytes) => bytes.writeUInt32LE(8, 16),
    "the block is too long": (bytes) => bytes.writeUInt32LE(0xffff_ffff, 16),
    "the byte order is another one": (bytes) => bytes.write("V", 8),
  };
  test.each(Object.entries(odd))("if %s", (_, change) => {
    const bytes = beginning("2.83");
    change(bytes);
    expect(parseSceneRange(bytes)).toBeNull();
  });
});
