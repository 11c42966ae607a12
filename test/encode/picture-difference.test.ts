import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { findFfmpeg } from "../../src/encode/ffmpeg/ffmpeg-tools.ts";
import { comparePictures } from "../../src/encode/picture-difference.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

const { ffmpeg } = await findFfmpeg();

test.each([
  ["a few pixels", 31, 17],
  ["more than a process should hold at once", 4000, 3300],
])("two pictures of %s: how many pixels differ, how far, and where", async (_, width, height) => {
  await using folder = await makeTemporaryFolder();
  const paths = ["one.png", "other.png", "difference.png"].map((name) => join(folder.path, name));
  const [one = "", other = "", difference = ""] = paths;
  const pixels = Buffer.alloc(3 * width * height, 0x40);
  const write = async (path: string) => {
    const shape = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", `${width}x${height}`, "-i", "pipe:0"];
    await execa(ffmpeg, ["-v", "error", ...shape, "-frames:v", "1", path], { input: pixels });
  };
  await write(one);
  for (const [x, y] of [
    [3, 4],
    [4, 4],
    [width - 1, height - 1],
  ] as const)
    pixels[3 * (y * width + x) + 2] = 0x46;
  await write(other);
  const measured = await comparePictures(ffmpeg, one, other, difference, AbortSignal.timeout(60_000));
  expect(measured).toMatchObject({ pixels: width * height, differing: 3, largest: 6 });
  expect((await readFile(difference)).subarray(1, 4).toString()).toBe("PNG");
  const same = await comparePictures(ffmpeg, one, one, difference, AbortSignal.timeout(60_000));
  expect(same).toEqual({ pixels: width * height, differing: 0, largest: 0 });
});
