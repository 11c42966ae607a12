import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { frameNamesOf } from "../../../src/encode/pictures/frame-names.ts";
import type { FarmEvent } from "../../../src/farm/events.ts";
import { encodeFolder } from "../../../src/farm/output/encode-folder.ts";
import { encodeCommandFor } from "../../../src/farm/output/job-output.ts";
import { otherPictures } from "../../../src/farm/output/pictures/other-pictures.ts";
import { jobFolderOf } from "../../../src/frames/job-folder-place.ts";
import { ScriptedFarm } from "../../support/nodes/scripted-farm.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

vi.setConfig({ testTimeout: 30_000 }); // the disk sets the pace

let farm: ScriptedFarm;

beforeEach(async () => {
  farm = await ScriptedFarm.open();
});
afterEach(async () => {
  await farm[Symbol.asyncDispose]();
  expect(farm.problems).toEqual([]);
});

describe("renderJob() into a folder with pictures of an earlier, longer render", () => {
  test("names them before the first frame and at the end, and leaves them there", async () => {
    const node = await farm.start({ scene: { colorMode: "RGB" } });
    const output = farm.path("frames/f_####.png");
    await farm.run([node], { output, frames: "1-6" }).completed();
    await writeFile(farm.path("frames/f_0007.txt"), "no picture");

    const run = farm.run([node], { output, frames: "1-2" });
    const { warnings } = await run.completed();
    const said = `4 other pictures of the same name pattern are in ${farm.path("frames")}: f_0003.png to f_0006.png, probably from an earlier render; whatever reads the folder as a sequence shows them too`;
    expect(warnings).toEqual([said]);
    expect(run.all("warning")).toMatchObject([{ code: "OTHER_PICTURES", message: said, name: null }]);
    expect((await readdir(farm.path("frames"))).filter((name) => name.endsWith(".png"))).toHaveLength(6);

    const fresh = farm.run([node], { output, frames: "1-2", fresh: true, overwrite: true });
    await fresh.completed();
    expect(fresh.all("warning")).toMatchObject([{ code: "OTHER_PICTURES", message: said }]);
    const types = fresh.events.map(({ type }) => type);
    expect(types).toContain("frame:stored");
    expect(types.indexOf("warning")).toBeLessThan(types.indexOf("frame:stored"));
  });

  test("says nothing if there are none", async () => {
    const node = await farm.start({ scene: { colorMode: "RGB" } });
    const output = farm.path("frames/");
    await farm.run([node], { output, frames: "1-2" }).completed();
    expect((await farm.run([node], { output, frames: "1-4" }).completed()).warnings).toEqual([]);
  });
});

describe("encodeFolder() for pictures", () => {
  const encoding = { overwrite: true, signal: new AbortController().signal };

  test("names the pictures of other frames too", async () => {
    const node = await farm.start({ scene: { colorMode: "RGB" } });
    const output = farm.path("frames/f_####.png");
    await farm.run([node], { output, frames: "1-3", keepFrames: true }).completed();
    await writeFile(farm.path("frames/f_0009.png"), "an older one");
    const events: FarmEvent[] = [];
    await encodeFolder(jobFolderOf(output), { ...encoding, onEvent: (event) => events.push(event) });
    expect(events.filter(({ type }) => type === "warning")).toMatchObject([
      { type: "warning", code: "OTHER_PICTURES", message: expect.stringMatching(/^1 other .*f_0009\.png/) },
    ]);
  });

  test("speaks of no video if frames are missing", async () => {
    const node = await farm.start({ scene: { colorMode: "RGB" } });
    const output = farm.path("frames/f_####.png");
    await farm.run([node], { output, frames: "1-3", keepFrames: false }).completed();
    const error = await encodeFolder(jobFolderOf(output), { ...encoding, onEvent: () => {} }).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: "FARM_FRAMES_FAILED" });
    const hint = encodeCommandFor("/job", false, { output, poster: undefined });
    expect(`${error.message} ${error.hint} ${hint}`).not.toMatch(/video/i);
  });
});

describe("otherPictures()", () => {
  test.each([
    [
      "a_##.png",
      [-2, 0, 5],
      ["a_-01.png", "a_-02.png", "a_00.png", "a_100.png", "a_05.png"],
      /^2 .*: a_-01\.png to a_100\.png,/,
    ],
    ["", [1], ["0001.png", "-0003.png"], /^1 other picture of .* is in .*: -0003\.png, .* shows it too$/],
    ["a_##.png", [1], ["a_1.png", "a_001.png", "a_02.exr", "b_02.png", "a_02.png.part", "a_+2.png", "a_--2.png"], null],
    ["ä_#.png", [1], ["a\u0308_2.png"], /^1 other picture/],
  ])("tells frames by their names: %s", async (pattern, frames, names, expected) => {
    await using folder = await makeTemporaryFolder();
    const out = join(folder.path, "out");
    await mkdir(out);
    for (const name of names) await writeFile(join(out, name), "");
    const others = await otherPictures(frameNamesOf(out, pattern === "" ? "####.png" : pattern), frames);
    if (expected === null) expect(others).toBeNull();
    else expect(others).toMatch(expected);
  });

  test("a folder that is not there has none", async () => {
    expect(await otherPictures(frameNamesOf("/no/such/folder", "####.png"), [1])).toBeNull();
  });
});
