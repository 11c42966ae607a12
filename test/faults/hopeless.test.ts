import { describe, expect, test } from "vitest";
import { range, ScriptedFarm } from "../support/nodes/scripted-farm.ts";

/** A job that cannot succeed must not take longer than this, with scripted nodes that need no time. */
const boundedMs = 20_000;

describe("a job that no node can render fails with the cause in bounded time:", () => {
  test(
    "the only node always fails one frame",
    async () => {
      await using farm = await ScriptedFarm.open();
      const node = await farm.start({
        fails: (frame) => (frame === 5 ? { code: "CRASHED", message: "Blender ended by itself (SIGSEGV)" } : undefined),
      });
      const run = farm.run([node], { frames: "1-8" });
      await expect(run.result).rejects.toMatchObject({ code: "FARM_FRAMES_FAILED", exitCode: 4 });
      expect(run.all("frame:failed")).toMatchObject([{ frame: 5, code: "CRASHED", hint: expect.any(String) }]);
      expect(run.all("frame:started").filter(({ frame }) => frame === 5).length).toBeLessThanOrEqual(3);
      expect(run.all("frame:stored").length).toBe(7);

      // After the cause is fixed, the same command renders the missing frame.
      delete node.node.options.fails;
      const again = farm.run([node], { frames: "1-8" });
      expect(await again.completed()).toMatchObject({ reused: 7 });
      await farm.expectFilm(range(1, 8));
    },
    boundedMs,
  );

  test(
    "a frame that kills every slot that renders it",
    async () => {
      await using farm = await ScriptedFarm.open();
      const dies = (frame: number) =>
        frame === 2 ? { code: "SLOT_LOST" as const, message: "its slot ended" } : undefined;
      const nodes = [await farm.start({ fails: dies }), await farm.start({ fails: dies })];
      const run = farm.run(nodes, { frames: "1-6" });
      await expect(run.result).rejects.toMatchObject({ code: "FARM_FRAMES_FAILED" });
      expect(run.all("frame:stored").length).toBe(5);
    },
    boundedMs,
  );

  test(
    "a scene in which every frame fails on every node",
    async () => {
      await using farm = await ScriptedFarm.open();
      const fails = () => ({ code: "RENDER_FAILED" as const, message: "no camera found in scene" });
      const nodes = await Promise.all(["one", "two", "three"].map((name) => farm.start({ name, fails })));
      const run = farm.run(nodes, { frames: "1-200" });
      await expect(run.result).rejects.toMatchObject({ code: "FARM_FRAMES_FAILED" });
      const failed = run.all("frame:failed");
      expect(failed.length).toBe(200);
      expect(failed[0]).toMatchObject({ code: "RENDER_FAILED", message: "no camera found in scene" });
      expect(run.all("frame:started").length).toBeLessThanOrEqual(200 * 3 * 3);
    },
    boundedMs,
  );

  test.each(["NO_EGL", "OUT_OF_MEMORY", "OUT_OF_GPU_MEMORY", "NO_DENOISER", "DISK_FULL"] as const)(
    "every node has %s",
    async (code) => {
      await using farm = await ScriptedFarm.open();
      const fails = () => ({ code, message: `this build or machine has ${code}`, hint: "do this about it" });
      const nodes = [await farm.start({ fails }), await farm.start({ fails })];
      const run = farm.run(nodes, { frames: "1-20" });
      await expect(run.result).rejects.toMatchObject({ code: "FARM_FRAMES_FAILED" });
      expect(run.all("frame:failed")[0]).toMatchObject({ code, hint: "do this about it" });
      expect(run.all("frame:started").length).toBeLessThanOrEqual(20 * 6);
    },
    boundedMs,
  );

  test.each([
    ["FILE_UNREADABLE", "FARM_NOT_A_BLEND", 2],
    ["LOAD_FAILED", "FARM_LOAD_FAILED", 4],
  ] as const)(
    "a file that no node can open (%s)",
    async (why, code, exitCode) => {
      await using farm = await ScriptedFarm.open();
      const loadFails = { code: why, message: "missing DNA block", hint: "Save it again" };
      const run = farm.run([await farm.start({ loadFails }), await farm.start({ loadFails })]);
      await expect(run.result).rejects.toMatchObject({ code, exitCode });
    },
    boundedMs,
  );
});

test.each(["NO_EGL", "OUT_OF_MEMORY", "NO_DENOISER"] as const)(
  "one node that has %s is barred, and the others render everything",
  async (code) => {
    await using farm = await ScriptedFarm.open();
    const poor = await farm.start({ name: "poor", fails: () => ({ code, message: `it has ${code}` }) });
    const rich = await farm.start({ name: "rich" });
    const run = farm.run([poor, rich], { frames: "1-12" });
    const barred = new Promise<void>((resolve) => {
      run.onEvent = (event) => event.type === "node:barred" && resolve();
    });
    rich.node.options.beforeFrame = () => barred;
    const result = await run.completed();
    expect(run.all("node:barred")).toMatchObject([{ name: "poor", reason: expect.stringContaining(code) }]);
    expect(result.nodes).toMatchObject([{ name: "rich", frames: 12 }]);
    expect(run.all("frame:failed")).toEqual([]);
    await farm.expectFilm(range(1, 12));
  },
);

test("--wait limits the time without any node: the error says how many frames are missing, and the next run continues", async () => {
  await using farm = await ScriptedFarm.open();
  const node = await farm.start();
  node.node.options.beforeFrame = async (frame) => {
    if (frame !== 4) return;
    await node.server[Symbol.asyncDispose]();
  };
  const run = farm.run([node], { frames: "1-8", waitMs: 1_500 });
  const failure = await run.result.catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "FARM_NO_NODE", exitCode: 3 });
  expect(String(failure)).toContain(`${8 - run.all("frame:stored").length} frames are missing`);
  expect(run.all("job:waiting").length).toBe(1);
  const again = farm.run([await farm.start()], { frames: "1-8" });
  expect(await again.completed()).toMatchObject({ reused: run.all("frame:stored").length });
  await farm.expectFilm(range(1, 8));
});
