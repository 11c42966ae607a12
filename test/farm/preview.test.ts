import { readdir, readFile, writeFile } from "node:fs/promises";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { FromCoordinator } from "../../src/session/protocol.ts";
import { ScriptedFarm, type ScriptedNode } from "../support/nodes/scripted-farm.ts";

vi.setConfig({ testTimeout: 30_000 }); // FFmpeg and the disk set the pace

let farm: ScriptedFarm;

beforeEach(async () => {
  farm = await ScriptedFarm.open();
});
afterEach(async () => {
  await farm[Symbol.asyncDispose]();
  expect(farm.problems).toEqual([]);
});

/** What the nodes were told about the job. */
function loadsOf({ node }: ScriptedNode): Extract<FromCoordinator, { type: "job-load" }>[] {
  return node.heard.filter((message) => message.type === "job-load");
}

describe("renderJob() with `preview`", () => {
  test("renders every fourth frame at half size with few samples, and shows each for as long as four", async () => {
    const node = await farm.start();
    const run = farm.run([node], { frames: "1-24", preview: true });
    const preview = farm.path("out.preview.mp4");
    expect(await run.completed()).toMatchObject({ output: preview, frames: 6 });

    expect(run.stored).toEqual([1, 5, 9, 13, 17, 21]);
    expect(run.all("scene:read")).toMatchObject([{ width: 16, height: 12, fps: "6", range: "1-21x4" }]);
    expect(loadsOf(node)).toMatchObject([{ overrides: { scale: 50, maxSamples: 16 } }]);
    const asks = ["-v", "error", "-show_entries", "stream=r_frame_rate,width,height:format=duration", "-of", "json"];
    const { streams, format } = JSON.parse((await execa("ffprobe", [...asks, preview])).stdout);
    expect(streams).toEqual([{ width: 16, height: 12, r_frame_rate: "6/1" }]);
    expect(Number(format.duration)).toBe(24 / 24); // of the 24 frames at 24 per second
  });

  test("leaves the output and its frames alone, and a later render uses none of the preview's", async () => {
    const node = await farm.start();
    await farm.run([node], { frames: "1-8" }).completed();
    const film = await readFile(farm.output);
    await farm.run([node], { frames: "1-8", preview: true }).completed();
    expect(await readFile(farm.output)).toEqual(film);
    await farm.expectFilm([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await farm.recordedFrames(farm.path("out.preview.mp4"))).toEqual([1, 5]);
    expect((await readdir(farm.path(""))).filter((name) => name.startsWith("out")).sort()).toEqual([
      ...["out.mp4", "out.mp4.renderfarm", "out.preview.mp4", "out.preview.mp4.renderfarm"],
    ]);
  });

  test("does not use full frames that are in the folder of a preview", async () => {
    const node = await farm.start();
    const output = farm.path("out.preview.mp4");
    await farm.run([node], { frames: "1-8", output }).completed();
    const run = farm.run([node], { frames: "1-8", output, preview: true, overwrite: true });
    await run.completed();
    expect(run.stored).toEqual([1, 5]);
    expect(run.all("job:restarted")).toHaveLength(1);
    expect(loadsOf(node).map(({ overrides }) => overrides)).toEqual([null, { scale: 50, maxSamples: 16 }]);
  });

  test("knows its own finished video again", async () => {
    const node = await farm.start();
    await farm.run([node], { frames: "1-8", preview: true }).completed();
    const again = farm.run([node], { frames: "1-8", preview: true });
    expect(await again.completed()).toMatchObject({ reused: 2, nodes: [] });
    expect(again.stored).toEqual([]);
  });

  test("excludes nodes of older releases, which would render in full, whatever their number", async () => {
    const old = { info: { overrides: undefined, software: "0.0.9" }, blender: "4.2.0" };
    const nodes = [await farm.start({ ...old, name: "old" }), await farm.start({ ...old, name: "older" })];
    const run = farm.run([...nodes, await farm.start({ name: "new" })], { frames: "1-8", preview: true });
    await run.completed();
    expect(
      run
        .all("node:excluded")
        .map(({ name, message }) => [name, message])
        .sort(),
    ).toEqual(
      ["old", "older"].map((name) => [
        name,
        `Cannot use ${name}: its renderfarm 0.0.9 is too old to render with a smaller size and fewer samples`,
      ]),
    );
    expect(nodes.flatMap(loadsOf)).toEqual([]);
    expect(run.all("run:started")).toMatchObject([{ blender: "3.4.1" }]);
  });

  test("fails with that reason if all nodes are of older releases, which render everything else", async () => {
    const node = await farm.start({ info: { overrides: undefined }, name: "old" });
    await expect(farm.run([node], { frames: "1-8", preview: true }).result).rejects.toMatchObject({
      ...{ code: "FARM_NODE_EXCLUDED", message: expect.stringContaining("too old to render with a smaller size") },
      hint: "Update renderfarm on that machine, and start its node again",
    });
    await farm.run([node], { frames: "1-2" }).completed();
  });

  test("makes pictures beside the final ones, and a poster of its own", async () => {
    const node = await farm.start({ scene: { colorMode: "RGB" } });
    const folder = farm.path("pictures");
    const settings = { frames: "1-8", output: `${folder}/`, poster: farm.path("poster.png") };
    await writeFile(farm.path("poster.png"), "the final one");
    await farm.run([node], { ...settings, preview: true }).completed();
    expect((await readdir(`${folder}.preview`)).sort()).toEqual(["0001.png", "0005.png"]);
    expect(await readFile(farm.path("poster.png"), "utf8")).toBe("the final one");
    expect((await readdir(farm.path(""))).filter((name) => /poster|pictures/.test(name)).sort()).toEqual([
      ...["pictures.preview", "pictures.preview.renderfarm", "poster.png", "poster.preview.png"],
    ]);
  });
});
