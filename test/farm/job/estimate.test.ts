import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { replay } from "../../../scripts/replay.mjs";
import { estimateOf, trialFramesOf } from "../../../src/farm/job/estimate/estimate.ts";
import { FarmSize } from "../../../src/farm/job/estimate/farm-size.ts";
import type { Estimate } from "../../../src/index.ts";
import { range, ScriptedFarm } from "../../support/nodes/scripted-farm.ts";

vi.setConfig({ testTimeout: 30_000 }); // FFmpeg and the disk set the pace

describe("an estimate", () => {
  test.each([
    [range(1, 48), [9, 25, 41]],
    [range(1, 4), [1, 3, 4]],
    [range(1, 3), [1, 2, 3]],
    [[7], [7]],
    [
      [-10, 0, 10, 20, 30, 40],
      [0, 20, 40],
    ],
  ])("of frames %j is made from %j", (frames, chosen) => {
    expect(trialFramesOf(frames)).toEqual(chosen);
  });

  test("is how long all slots take for the frames that are not stored, and for the shortest and longest frames", () => {
    const job = { frames: 48, stored: 3, nodes: 3, slots: 4, seconds: [9, 6, 12] };
    expect(estimateOf(job)).toEqual({
      ...{ ...job, seconds: [6, 9, 12] },
      ...{ etaMs: 12 * 9000, leastMs: 12 * 6000, mostMs: 12 * 12_000 },
    });
  });

  test("counts nodes that were found and are not gone, barred, busy or excluded", () => {
    const farm = new FarmSize();
    const of = (name: string) => ({ node: name, name });
    const counts = () => ({ nodes: farm.nodes, slots: farm.slots });
    for (const [index, name] of ["a", "b", "c", "d", "e"].entries()) {
      farm.hear({ type: "node:found", ...of(name), address: "", blender: "3.4.1", slots: index + 1 });
    }
    expect(counts()).toEqual({ nodes: 5, slots: 15 });
    farm.hear({ type: "node:lost", ...of("a"), message: "" });
    farm.hear({ type: "node:barred", ...of("b"), reason: "" });
    farm.hear({ type: "node:busy", ...of("c"), holder: "", job: null });
    farm.hear({ type: "node:excluded", name: "d", code: "FARM_NODE_EXCLUDED", message: "", hint: "" });
    expect(counts()).toEqual({ nodes: 1, slots: 5 });
    farm.hear({ type: "node:joined", ...of("a"), blender: "3.4.1" });
    farm.hear({ type: "node:forgiven", ...of("b") });
    expect(counts()).toEqual({ nodes: 3, slots: 8 });
  });
});

describe("renderJob() with `estimate`", () => {
  let farm: ScriptedFarm;
  beforeEach(async () => {
    farm = await ScriptedFarm.open();
  });
  afterEach(async () => {
    await farm[Symbol.asyncDispose]();
    expect(farm.problems).toEqual([]);
  });

  test("renders three frames, estimates, and ends; the next run uses them", async () => {
    const nodes = [await farm.start({ slots: 2 }), await farm.start()];
    const run = farm.run(nodes, { frames: "1-12", estimate: true });
    // The fakes say that a frame takes 0.25 s: nine frames on three slots.
    const estimate = {
      ...{ frames: 12, stored: 3, nodes: 2, slots: 3, seconds: [0.25, 0.25, 0.25] },
      ...{ etaMs: 750, leastMs: 750, mostMs: 750 },
    };
    expect(await run.result).toEqual({ type: "estimated", ...estimate });
    expect(run.stored).toEqual([3, 7, 11]);
    expect(run.events.slice(-1)).toEqual([{ type: "job:estimated", ...estimate }]);
    expect(run.all("job:draining")).toEqual([]); // nobody stopped it
    expect(nodes.map(({ node }) => node.job)).toEqual([undefined, undefined]); // both were released
    await expect(readFile(farm.output)).rejects.toThrow("ENOENT");
    expect(await replay(`${farm.output}.renderfarm`)).toMatchObject({ difference: null });

    const rest = farm.run(nodes, { frames: "1-12" });
    expect(await rest.completed()).toMatchObject({ frames: 12, reused: 3 });
    expect(rest.stored).toEqual([1, 2, 4, 5, 6, 8, 9, 10, 12]);
    await farm.expectFilm(range(1, 12));
  });

  test("asks, and renders the others on a yes, without anything being opened again", async () => {
    const node = await farm.start();
    const asked: Estimate[] = [];
    const confirmEstimate = async (estimate: Estimate) => {
      asked.push(estimate);
      expect(node.node.rendered.toSorted((one, other) => one - other)).toEqual([2, 5, 7]); // and nothing meanwhile
      return true;
    };
    const run = farm.run([node], { frames: "1-8", estimate: true }, { confirmEstimate });
    await run.completed();
    expect(asked).toMatchObject([{ frames: 8, stored: 3, nodes: 1, slots: 1, etaMs: 1250 }]);
    expect(run.all("estimate:made")).toHaveLength(1);
    expect(node.node.heard.filter(({ type }) => type === "job-load")).toHaveLength(1);
    await farm.expectFilm(range(1, 8));
  });

  test("renders no more on a no, and asks again about the same frames without rendering any", async () => {
    const node = await farm.start();
    for (const frames of [[2, 5, 7], []]) {
      const run = farm.run([node], { frames: "1-8", estimate: true }, { confirmEstimate: async () => false });
      expect(await run.result).toMatchObject({ type: "estimated", stored: 3, etaMs: 1250 });
      expect(run.stored).toEqual(frames);
    }
  });

  test("does not ask if no frame is left", async () => {
    const confirmEstimate = vi.fn(async () => false);
    const run = farm.run([await farm.start()], { frames: "1-3", estimate: true }, { confirmEstimate });
    await run.completed();
    expect(confirmEstimate).not.toHaveBeenCalled();
  });

  test("can be stopped during the question, which is withdrawn, and continued", async () => {
    const node = await farm.start();
    let isWithdrawn = false;
    const confirmEstimate = (_: Estimate, signal: AbortSignal) =>
      new Promise<boolean>((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          isWithdrawn = true;
          reject(signal.reason);
        });
        run.drain.abort();
      });
    const run = farm.run([node], { frames: "1-8", estimate: true }, { confirmEstimate });
    expect(await run.result).toEqual({ type: "interrupted", missing: 5 });
    expect(isWithdrawn).toBe(true);
    expect(await farm.run([node], { frames: "1-8" }).completed()).toMatchObject({ reused: 3 });
  });

  test("ends with what the question throws", async () => {
    const cancelled = new Error("Ctrl-C at the question");
    const run = farm.run(
      [await farm.start()],
      { frames: "1-8", estimate: true },
      {
        confirmEstimate: () => Promise.reject(cancelled),
      },
    );
    await expect(run.result).rejects.toBe(cancelled);
  });

  test("fails if one of the three frames fails, and renders no others", async () => {
    const node = await farm.start({ fails: (frame) => (frame === 5 ? { code: "RENDER_FAILED" } : undefined) });
    const run = farm.run([node], { frames: "1-8", estimate: true }, { confirmEstimate: async () => true });
    await expect(run.result).rejects.toMatchObject({
      ...{ code: "FARM_FRAMES_FAILED", message: expect.stringContaining("1 frame failed (RENDER_FAILED): 5") },
    });
    expect(run.stored.filter((frame) => ![2, 7].includes(frame))).toEqual([]);
    expect(run.all("estimate:made")).toEqual([]);
  });

  test("of a preview is that of the preview's frames", async () => {
    const node = await farm.start();
    const run = farm.run([node], { frames: "1-48", estimate: true, preview: true });
    expect(await run.result).toMatchObject({ type: "estimated", frames: 12, stored: 3 });
    expect(run.stored).toEqual([9, 25, 41]);
  });
});
