import { writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { range, ScriptedFarm, type ScriptedNode, type ScriptedRun } from "../support/nodes/scripted-farm.ts";

vi.setConfig({ testTimeout: 30_000 }); // FFmpeg and the disk set the pace

let farm: ScriptedFarm;

beforeEach(async () => {
  farm = await ScriptedFarm.open();
});
afterEach(async () => {
  await farm[Symbol.asyncDispose]();
  expect(farm.problems).toEqual([]);
});

/** A job of 10 frames that starts to drain while it renders frame 5. */
async function startAndDrainAt5(): Promise<{ one: ScriptedNode; first: ScriptedRun }> {
  const one = await farm.start();
  let isDraining = () => {};
  const draining = new Promise<void>((resolve) => {
    isDraining = resolve;
  });
  const first = farm.run([one], { frames: "1-10" });
  first.onEvent = (event) => {
    if (event.type === "job:draining") isDraining();
  };
  one.node.options.beforeFrame = (frame) => {
    if (frame !== 5) return;
    first.drain.abort();
    return draining;
  };
  first.result.then(() => delete one.node.options.beforeFrame).catch(() => {});
  return { one, first };
}

describe("renderJob() continues a run that was interrupted", () => {
  test("by a drain: running frames are finished, stored ones are not rendered again", async () => {
    const { one, first } = await startAndDrainAt5();
    const interrupted = await first.result;
    const stored = first.stored;
    expect(interrupted).toEqual({ type: "interrupted", missing: 10 - stored.length });
    expect(stored.length).toBeLessThan(10);
    expect(first.all("job:draining").length).toBe(1);
    expect(one.node.job).toBeUndefined();

    const rendered = one.node.rendered.length;
    const second = farm.run([one], { frames: "1-10" });
    const result = await second.completed();
    expect(result).toMatchObject({ frames: 10, reused: stored.length });
    expect(second.all("job:resumed")).toMatchObject([{ stored: stored.length }]);
    expect(second.stored).toEqual(range(1, 10).filter((frame) => !stored.includes(frame)));
    expect(one.node.rendered.length - rendered).toBe(10 - stored.length);
    expect(await farm.countFrames()).toBe(10);
  });

  test("by an abort during a frame", async () => {
    const one = await farm.start({ beforeFrame: (frame) => (frame === 3 ? new Promise(() => {}) : undefined) });
    const first = farm.run([one], { frames: "1-6" });
    first.onEvent = (event) => {
      if (event.type === "frame:stored" && event.stored === 2) first.stop.abort(new Error("Ctrl-C twice"));
    };
    expect(await first.result).toEqual({ type: "interrupted", missing: 4 });
    expect(one.node.job).toBeUndefined(); // it was released at once
    delete one.node.options.beforeFrame;
    expect(await farm.run([one], { frames: "1-6" }).completed()).toMatchObject({ reused: 2 });
    expect(await farm.countFrames()).toBe(6);
  });

  test("but starts over, and says so, if the blendfile has changed", async () => {
    const { one, first } = await startAndDrainAt5();
    await first.result;
    await writeFile(farm.blend, "BLENDER-v304REND another scene");
    const second = farm.run([one], { frames: "1-10" });
    expect(await second.completed()).toMatchObject({ reused: 0 });
    expect(second.all("job:restarted").length).toBe(1);
    expect(second.stored).toEqual(range(1, 10));
  });

  test("but starts over, and says so, if a file that the scene uses has changed", async () => {
    const { one, first } = await startAndDrainAt5();
    await first.result;
    one.node.options.sceneInfo = { ...one.node.options.sceneInfo, files: "ab".repeat(32) };
    const second = farm.run([one], { frames: "1-10" });
    expect(await second.completed()).toMatchObject({ reused: 0 });
    expect(second.all("job:restarted")).toMatchObject([
      { reason: expect.stringContaining("a file that the scene uses") },
    ]);
    expect(second.stored).toEqual(range(1, 10));
  });

  test("before any node had answered", async () => {
    const one = await farm.start({ silentAfter: "hello" });
    const run = farm.run([one], { frames: "1-2" });
    run.onEvent = (event) => {
      if (event.type === "job:started") run.stop.abort(new Error("enough"));
    };
    expect(await run.result).toEqual({ type: "interrupted", missing: null });
  });
});

describe("renderJob() does not mix different pixels:", () => {
  test("a node whose files differ from the first node's is excluded, since its frames would look different", async () => {
    let open = () => {};
    const bothWereThere = new Promise<void>((resolve) => {
      open = resolve;
    });
    const nodes = [
      await farm.start({ beforeFrame: () => bothWereThere }),
      await farm.start({ beforeFrame: () => bothWereThere, sceneInfo: { files: "cd".repeat(32) } }),
    ];
    const run = farm.run(nodes, { frames: "1-4" });
    run.onEvent = (event) => {
      if (event.type === "node:excluded") open();
    };
    expect(await run.completed()).toMatchObject({ frames: 4 });
    expect(run.all("node:excluded")).toMatchObject([
      { message: expect.stringContaining("differ there from those on the first node") },
    ]);
    expect(nodes.map(({ node }) => node.rendered.length).sort()).toEqual([0, 4]);
  });

  test("a node of an older release is excluded from a scene with File Output nodes, whose pictures it cannot send", async () => {
    const pictures = { format: "png" as const, depth: 8 as const, suffixes: [""], numbered: true, nodes: 1 };
    let open = () => {};
    const isExcluded = new Promise<void>((resolve) => {
      open = resolve;
    });
    let load = () => {};
    const hasBegun = new Promise<void>((resolve) => {
      load = resolve;
    });
    const nodes = [
      await farm.start({ beforeFrame: () => isExcluded, sceneInfo: { pictures }, pictures: () => [] }),
      await farm.start({ name: "old", beforeLoad: () => hasBegun, info: { pictures: undefined, software: "0.1.0" } }),
    ];
    const run = farm.run(nodes, { frames: "1-4" });
    run.onEvent = (event) => {
      if (event.type === "frame:started") load();
      if (event.type === "node:excluded") open();
    };
    await run.completed();
    const message = "Cannot use old: its renderfarm 0.1.0 is too old to send the pictures of File Output nodes";
    expect(run.all("node:excluded")).toMatchObject([{ message }]);
  });
});
