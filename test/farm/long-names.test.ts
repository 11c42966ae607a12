import { readdir } from "node:fs/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ScriptedFarm, type ScriptedNode } from "../support/nodes/scripted-farm.ts";

vi.setConfig({ testTimeout: 30_000 }); // FFmpeg and the disk set the pace

let farm: ScriptedFarm;
let node: ScriptedNode;

beforeEach(async () => {
  farm = await ScriptedFarm.open();
  node = await farm.start({ scene: { colorMode: "RGB" } });
});
afterEach(() => farm[Symbol.asyncDispose]());

// Each of these letters has three bytes, and file systems allow names of 255 bytes.
test.each(["mp4", "gif"])("a video whose name has 80 three-byte letters is made (%s)", async (extension) => {
  const output = farm.path(`${"あ".repeat(80)}.${extension}`);
  await farm.run([node], { frames: "1-2", output }).completed();
  expect(await farm.countFrames(output)).toBe(2);
});

test("a video whose name is too long for '.renderfarm' needs --job-dir, and is made with it", async () => {
  const output = farm.path(`${"あ".repeat(83)}.mp4`);
  const before = await readdir(farm.path(""));
  await expect(farm.run([node], { frames: "1-2", output }).result).rejects.toMatchObject({
    ...{ code: "FARM_OUTPUT_UNWRITABLE", exitCode: 2, hint: expect.stringContaining("--job-dir DIR") },
  });
  expect(await readdir(farm.path(""))).toEqual(before);
  await farm.run([node], { frames: "1-2", output, jobDir: farm.path("jobs") }).completed();
  expect(await farm.countFrames(output)).toBe(2);
});

test("pictures with the longest names that the file system allows are made", async () => {
  const name = "あ".repeat(78);
  const output = farm.path(`pictures/${name}_######.png`);
  await farm.run([node], { frames: "1-2", output, jobDir: farm.path("jobs") }).completed();
  expect(await readdir(farm.path("pictures"))).toEqual([`${name}_000001.png`, `${name}_000002.png`]);
});

test.each(["video.mp4", "picture_####.png"])("a name that is too long for a file is refused: …%s", async (end) => {
  const output = farm.path(`${"あ".repeat(100)}${end}`);
  await expect(farm.run([node], { frames: "1-2", output, jobDir: farm.path("jobs") }).result).rejects.toMatchObject({
    ...{ code: "FARM_OUTPUT_UNWRITABLE", exitCode: 2, hint: expect.stringContaining("shorter name") },
  });
  expect(node.node.rendered).toEqual([]);
});
