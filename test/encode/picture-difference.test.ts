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
  const size = `s=${width}x${height}`;
  const filters = [`color=0x204060:${size}`, `color=0x204060:${size},drawbox=x=3:y=4:w=5:h=2:c=0x20405a:t=fill`];
  for (const [index, filter] of filters.entries()) {
    await execa(ffmpeg, [
      "-v",
      "error",
      "-f",
      "lavfi",
      "-i",
      `${filter},format=rgb24`,
      "-frames:v",
      "1",
      paths[index] ?? "",
    ]);
  }
  const measured = await comparePictures(ffmpeg, one, other, difference, AbortSignal.timeout(60_000));
  expect(measured).toMatchObject({ pixels: width * height, differing: 10 });
  expect(measured.largest).toBeGreaterThanOrEqual(5);
  expect(measured.largest).toBeLessThanOrEqual(8);
  expect((await readFile(difference)).subarray(1, 4).toString()).toBe("PNG");
  const same = await comparePictures(ffmpeg, one, one, difference, AbortSignal.timeout(60_000));
  expect(same).toEqual({ pixels: width * height, differing: 0, largest: 0 });
});
