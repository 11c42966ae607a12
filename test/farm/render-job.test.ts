import { readdir } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { makeFarmKey } from "../../src/core/farm-key.ts";
import type { FakeNodeOptions } from "../support/nodes/fake-node.ts";
import { range, ScriptedFarm } from "../support/nodes/scripted-farm.ts";
import { makePng } from "../support/png.ts";

vi.setConfig({ testTimeout: 30_000 }); // FFmpeg and the disk set the pace

let farm: ScriptedFarm;

beforeEach(async () => {
  farm = await ScriptedFarm.open();
});
afterEach(async () => {
  await farm[Symbol.asyncDispose]();
  expect(farm.problems).toEqual([]);
});

describe("renderJob() makes the video", () => {
  test("of all frames, each rendered once by the available nodes, and keeps only the record", async () => {
    const nodes = [await farm.start({ name: "one", slots: 2 }), await farm.start({ name: "two" })];
    const run = farm.run(nodes, { frames: "1-12", keepFrames: false });
    const result = await run.completed();
    expect(result).toMatchObject({ output: farm.output, frames: 12, reused: 0, warnings: [] });
    expect(await farm.countFrames()).toBe(12);
    expect(run.stored).toEqual(range(1, 12));
    expect(result.nodes.reduce((sum, node) => sum + node.frames, 0)).toBe(12);
    expect(run.all("scene:read")).toMatchObject([{ frames: 12, fps: "24", width: 32, height: 24 }]);
    expect(nodes.map(({ node }) => node.job)).toEqual([undefined, undefined]); // both were released
    const left = await readdir(`${farm.output}.renderfarm`);
    expect(left).not.toContain("frames");
    expect(left).not.toContain("blob");
    expect(left).toContain("job.json");
    expect((await readdir(farm.path(""))).sort()).toEqual(["config", "out.mp4", "out.mp4.renderfarm", "scene.blend"]);
  });

  test("of the scene's range and step if no frames are requested", async () => {
    const nodes = [await farm.start({ scene: { frameStart: -4, frameEnd: 4, frameStep: 4 } })];
    const run = farm.run(nodes);
    await run.completed();
    expect(run.stored).toEqual([-4, 0, 4]);
    expect(await farm.countFrames()).toBe(3);
  });

  test("and keeps the frames with --keep-frames", async () => {
    await farm.run([await farm.start()], { frames: "1-3", keepFrames: true }).completed();
    expect((await readdir(`${farm.output}.renderfarm/frames`)).filter((name) => name.endsWith(".png")).length).toBe(3);
  });

  test("although a node's link breaks during the job, and uses what it had rendered when it comes back", async () => {
    let cuts = 0;
    const one = await farm.start({
      say: (message) => {
        if (message.type !== "frame-rendered" || message.result.frame !== 3 || cuts > 0) return [message];
        cuts += 1;
        one.server.cut(); // it has rendered frame 3 and cannot report it
        return [];
      },
    });
    const run = farm.run([one], { frames: "1-6" });
    await run.completed();
    expect(cuts).toBe(1);
    expect(one.node.links).toBe(2);
    expect(run.all("node:lost").length).toBe(1);
    expect(run.all("job:waiting").length).toBe(1);
    expect(one.node.rendered.filter((frame) => frame === 3)).toEqual([3]); // held, and not rendered again
    expect(await farm.countFrames()).toBe(6);
  });

  test("although a node dies permanently: the others render its frames", async () => {
    const weak = await farm.start({ name: "weak" });
    weak.node.options.beforeFrame = async () => {
      await weak.server[Symbol.asyncDispose]();
      await new Promise(() => {});
    };
    const strong = await farm.start({ name: "strong" });
    const run = farm.run([weak, strong], { frames: "1-8" });
    const result = await run.completed();
    expect(result.nodes).toMatchObject([{ name: "strong", frames: 8 }]);
    expect(await farm.countFrames()).toBe(8);
  });

  const lies: [what: string, options: FakeNodeOptions][] = [
    ["truncated pictures", { picture: (_, honest) => honest.subarray(0, honest.length - 20) }],
    ["no pictures", { picture: () => Buffer.from("this is no PNG") }],
    ["bytes other than it announced", { claim: () => ({ sha256: "0".repeat(64) }) }],
    ["more bytes than it announced", { claim: ({ sizeBytes }) => ({ sizeBytes: sizeBytes - 1 }) }],
    ["fewer bytes than it announced", { claim: ({ sizeBytes }) => ({ sizeBytes: sizeBytes + 1 }) }],
  ];
  test("although five nodes send different bad results: each is detected, and its frames are rendered elsewhere", async () => {
    const liars = await Promise.all(lies.map(([name, options]) => farm.start({ name, ...options })));
    const honest = await farm.start({ name: "honest" });
    const run = farm.run([...liars, honest], { frames: "1-12" });
    // The honest node waits until every liar was caught, so that each gets frames.
    const caught = new Set<string>();
    const allCaught = new Promise<void>((resolve) => {
      run.onEvent = (event) => {
        if (event.type === "frame:requeued") caught.add(event.name);
        if (caught.size === liars.length) resolve();
      };
    });
    honest.node.options.beforeFrame = () => allCaught;
    const result = await run.completed();
    expect([...caught].sort()).toEqual(lies.map(([name]) => name).sort());
    expect(result.nodes).toMatchObject([{ name: "honest", frames: 12 }]);
    expect(await farm.countFrames()).toBe(12);
  });

  test("although a node sends the wrong frame", async () => {
    const liar = await farm.start({ name: "liar" });
    const honest = await farm.start({ name: "honest" });
    liar.node.options.picture = (frame) => makePng({ width: 32, height: 24, depth: 8, colorMode: "RGB" }, frame + 1);
    const result = await farm.run([liar, honest], { frames: "1-8" }).completed();
    expect(result.nodes.filter(({ name }) => name === "liar")).toEqual([]);
    expect(result.frames).toBe(8);
  });

  test("although a node no longer has a result that it announced", async () => {
    let lost = 0;
    const one = await farm.start();
    one.node.options.onMessage = (message) => {
      if (message.type === "result-fetch" && lost === 0) {
        lost += 1;
        one.node.job?.results.delete(message.attempt);
      }
      return false;
    };
    await farm.run([one], { frames: "1-3" }).completed();
    expect(lost).toBe(1);
    expect(await farm.countFrames()).toBe(3);
  });

  test("although a frame fails on one node", async () => {
    const poor = await farm.start({
      name: "poor",
      fails: () => ({ code: "OUT_OF_MEMORY", message: "no memory left" }),
    });
    const rich = await farm.start({ name: "rich" });
    const run = farm.run([poor, rich], { frames: "1-6" });
    const result = await run.completed();
    expect(result.nodes).toMatchObject([{ name: "rich", frames: 6 }]);
  });

  test("although one of the nodes has another key, and names the key", async () => {
    const otherKey = makeFarmKey();
    const run = farm.run([await farm.start({ key: otherKey, name: "other" }), await farm.start()], {
      frames: "1-2",
    });
    await run.completed();
    expect(run.all("node:excluded")).toMatchObject([
      { code: "FARM_KEY_UNUSABLE", message: expect.stringContaining(otherKey.id) },
    ]);
  });

  test("on an open node that the user named, without a key", async () => {
    await farm.run([await farm.start({ key: null })], { frames: "1-2", keys: [] }).completed();
    expect(await farm.countFrames()).toBe(2);
  });

  test("on the nodes with the most common Blender version, and says which node is excluded", async () => {
    const nodes = [await farm.start(), await farm.start(), await farm.start({ name: "new", blender: "4.2.0" })];
    const run = farm.run(nodes, { frames: "1-6" });
    const result = await run.completed();
    expect(run.all("node:excluded")).toMatchObject([{ message: expect.stringMatching(/new.*4\.2\.0/) }]);
    expect(result.nodes.map(({ blender }) => blender).every((version) => version === "3.4.1")).toBe(true);
  });

  test("without missing files if the user allows it, with a warning for each", async () => {
    const references = [{ kind: "image", path: "//wood.png", missing: true }];
    const run = farm.run([await farm.start({ sceneInfo: { references } })], { frames: "1-2", missing: "warn" });
    expect((await run.completed()).warnings).toEqual([expect.stringContaining("//wood.png")]);
  });
});
