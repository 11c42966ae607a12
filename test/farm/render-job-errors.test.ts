import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { JobSettings } from "../../src/config/job-settings.ts";
import { makeFarmKey } from "../../src/core/farm-key.ts";
import { ScriptedFarm, type ScriptedRun } from "../support/nodes/scripted-farm.ts";

vi.setConfig({ testTimeout: 30_000 }); // FFmpeg and the disk set the pace

let farm: ScriptedFarm;

beforeEach(async () => {
  farm = await ScriptedFarm.open();
});
afterEach(async () => {
  await farm[Symbol.asyncDispose]();
  expect(farm.problems).toEqual([]);
});

describe("renderJob() ends with an error", () => {
  test("that lists the files that the nodes do not have", async () => {
    const missing = (path: string) => ({ kind: "image", path, missing: true });
    const references = [
      missing("//textures/wood.png"),
      { ...missing("//here.png"), missing: false },
      missing("/b\n.png"),
    ];
    const run = farm.run([await farm.start({ sceneInfo: { references } })]);
    await expect(run.result).rejects.toMatchObject({
      code: "FARM_FILES_MISSING",
      message: expect.stringMatching(/2 files[\s\S]*\/\/textures\/wood\.png[\s\S]*\/b\\u000a\.png/),
      hint: expect.stringContaining("Pack"),
    });
    await expect(run.result).rejects.not.toMatchObject({ message: expect.stringContaining("here.png") });
  });

  test("with the node's message if no node can open the file", async () => {
    const loadFails = { code: "FILE_UNREADABLE", message: "not a blend after all" } as const;
    const run = farm.run([await farm.start({ loadFails }), await farm.start({ loadFails })]);
    await expect(run.result).rejects.toMatchObject({
      code: "FARM_NOT_A_BLEND",
      message: expect.stringContaining("not a blend after all"),
    });
    expect(run.all("node:excluded").length).toBeGreaterThan(0);
  });

  test("when the scene has no camera", async () => {
    const run = farm.run([await farm.start({ scene: { camera: null, cameras: [] } })]);
    await expect(run.result).rejects.toMatchObject({
      code: "FARM_BAD_INPUT",
      message: expect.stringContaining("camera"),
    });
  });

  test("when frames fail on every node, and keeps the others", async () => {
    const fails = (frame: number) =>
      frame === 2 ? { code: "RENDER_FAILED" as const, message: "it cannot" } : undefined;
    const run = farm.run([await farm.start({ fails }), await farm.start({ fails })], { frames: "1-4" });
    await expect(run.result).rejects.toMatchObject({
      code: "FARM_FRAMES_FAILED",
      message: expect.stringContaining("1 frame failed (RENDER_FAILED): 2"),
    });
    expect(run.stored).toEqual([1, 3, 4]);
    expect(run.all("frame:failed")).toMatchObject([{ frame: 2, code: "RENDER_FAILED", message: "it cannot" }]);
    expect(await readdir(farm.path(""))).not.toContain("out.mp4");
  });

  test("when the keys differ, naming both key ids but no key", async () => {
    const otherKey = makeFarmKey();
    const run = farm.run([await farm.start({ key: otherKey })]);
    const failure = (await run.result.catch((error: unknown) => error)) as Error;
    expect(failure).toMatchObject({ code: "FARM_KEY_UNUSABLE" });
    expect(failure.message).toContain(otherKey.id);
    expect(failure.message).toContain(farm.key.id);
  });

  test("that names each node when none answers", async () => {
    const [one, two] = [await farm.start(), await farm.start()];
    for (const { server } of [one, two]) await server[Symbol.asyncDispose]();
    const failure = (await farm.run([one, two]).result.catch((error: unknown) => error)) as Error;
    expect(failure).toMatchObject({ code: "FARM_NO_NODE" });
    for (const { server } of [one, two]) expect(failure.message).toContain(String(server.address.port));
  });

  test("that says why the only node is excluded", async () => {
    await writeFile(farm.blend, "BLENDER-v402REND saved by a newer one");
    const run = farm.run([await farm.start({ name: "old", blender: "3.4.1" })]);
    await expect(run.result).rejects.toMatchObject({
      code: "FARM_NODE_EXCLUDED",
      message: expect.stringContaining("its Blender 3.4.1 is older than the blendfile, which Blender 4.2 saved"),
    });
  });

  test("when the output exists and may not be replaced, before any node is contacted", async () => {
    const one = await farm.start();
    await writeFile(farm.output, "precious");
    const run = farm.run([one]);
    await expect(run.result).rejects.toMatchObject({ code: "FARM_OUTPUT_EXISTS" });
    expect(one.node.links).toBe(0);
    expect(await readFile(farm.output, "utf8")).toBe("precious");
    expect((await readdir(farm.path(""))).sort()).toEqual(["out.mp4", "scene.blend"]);
    await farm.run([one], { frames: "1-2", overwrite: true }).completed();
    expect(await farm.countFrames()).toBe(2);
  });

  test("for bad input, before any node is contacted, and leaves nothing behind", async () => {
    const one = await farm.start();
    await mkdir(farm.path("sub"));
    const inputs: [settings: Partial<JobSettings>, code: string][] = [
      [{ blend: farm.path("none.blend") }, "FARM_BLEND_NOT_FOUND"],
      [{ blend: farm.path("sub") }, "FARM_NOT_A_BLEND"],
      [{ output: farm.path("out.xyz") }, "FARM_BAD_INPUT"],
      [{ fps: "fast" }, "FARM_BAD_INPUT"],
      [{ ffmpeg: farm.path("no-ffmpeg") }, "FARM_FFMPEG_MISSING"],
    ];
    for (const [settings, code] of inputs) {
      await expect(farm.run([one], settings).result).rejects.toMatchObject({ code });
    }
    expect(one.node.links).toBe(0);
    expect((await readdir(farm.path(""))).sort()).toEqual(["scene.blend", "sub"]);
  });

  test("while another run has the job folder locked", async () => {
    const one = await farm.start();
    const first = farm.run([one], { frames: "1-2" });
    let release = () => {};
    one.node.options.beforeFrame = () =>
      new Promise((resolve) => {
        release = resolve;
        second = farm.run([one], { frames: "1-2" });
        second.result.catch(() => {}).finally(release);
      });
    let second: ScriptedRun | undefined;
    await first.completed();
    await expect(second?.result).rejects.toMatchObject({ code: "FARM_JOB_LOCKED" });
  });
});
