import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { checkScene, reportOf } from "../../src/index.ts";
import type { FromCoordinator } from "../../src/session/protocol.ts";
import { makeJpeg } from "../support/make-pictures.ts";
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

const overrides = { samples: 16, resolution: { percent: 50 }, camera: "Left", denoise: false, threads: 2 };

function heardBy<Type extends FromCoordinator["type"]>({ node }: ScriptedNode, type: Type) {
  return node.heard.filter((message) => message.type === type) as Extract<FromCoordinator, { type: Type }>[];
}

describe("renderJob() with overrides", () => {
  test("tells them to the nodes, its listeners and the report, and expects frames of that size", async () => {
    const node = await farm.start();
    const run = farm.run([node], { frames: "1-2", ...overrides });
    await run.completed();
    expect(heardBy(node, "job-load")).toMatchObject([{ overrides }]);
    expect(run.all("job:started")).toMatchObject([{ overrides }]);
    expect(run.all("scene:read")).toMatchObject([{ width: 16, height: 12 }]);
    expect((await reportOf(`${farm.output}.renderfarm`)).overrides).toEqual(overrides);
  });

  test("renders all frames again if one is changed, added or omitted, except for the number of threads", async () => {
    const node = await farm.start();
    const settings = { frames: "1-2", overwrite: true };
    const storedWith = async (changed: Parameters<ScriptedFarm["run"]>[1]) => {
      const run = farm.run([node], { ...settings, ...changed });
      await run.completed();
      return run.stored.length;
    };
    expect(await storedWith({ samples: 16 })).toBe(2);
    expect(await storedWith({ samples: 16, threads: 1 })).toBe(0);
    expect(await storedWith({ samples: 16, threads: 8 })).toBe(0);
    expect(await storedWith({ samples: 17 })).toBe(2);
    expect(await storedWith({ samples: 17, denoise: false })).toBe(2);
    expect(await storedWith({ samples: 17, denoise: true })).toBe(2);
    expect(await storedWith({ samples: 17, denoise: true, resolution: { percent: 100 } })).toBe(2);
    expect(await storedWith({})).toBe(2);
    expect(await storedWith({})).toBe(0);
  });

  test("excludes nodes of older releases, with the flags that they do not know", async () => {
    const old = await farm.start({ name: "old", info: { overrides: ["maxSamples", "scale"], software: "0.1.0" } });
    const run = farm.run([old, await farm.start()], { frames: "1-2", samples: 16, viewLayer: "Sky" });
    await run.completed();
    expect(run.all("node:excluded")).toMatchObject([
      { message: "Cannot use old: its renderfarm 0.1.0 is too old to render with --samples and --view-layer" },
    ]);
    expect(heardBy(old, "job-load")).toEqual([]);
  });

  test("says once, and of no node, what all nodes say of them", async () => {
    const message = "--samples holds for all frames, although the scene animates cycles.samples";
    const say = { type: "warning", code: "OVERRIDE_HOLDS", message, slot: 0, override: "samples" } as const;
    const nodes = await Promise.all(["a", "b"].map((name) => farm.start({ name })));
    for (const { node } of nodes) node.options.say = (told) => (told.type === "job-loaded" ? [told, say] : [told]);
    const run = farm.run(nodes, { frames: "1-8", samples: 16 });
    expect(await run.completed()).toMatchObject({ warnings: [message] });
    expect(run.all("warning")).toEqual([{ type: "warning", code: "OVERRIDE_HOLDS", message, name: null }]);
  });

  test.each([
    ["of an override that the job has not", { samples: 16 }, "seed"],
    ["of no override's name", { samples: 16 }, "constructor"],
    ["of none", { samples: 16 }, undefined],
    ["in a job without any", {}, "samples"],
  ])("names the node that says something else in such a warning: %s", async (_, chosen, override) => {
    const message = "--samples has no effect";
    const say = { type: "warning", code: "OVERRIDE_NO_EFFECT", message, slot: 0, override } as const;
    const node = await farm.start({ name: "attic" });
    node.node.options.say = (told) => (told.type === "job-loaded" ? [told, say] : [told]);
    const run = farm.run([node], { frames: "1-4", ...chosen });
    await run.completed();
    expect(run.all("warning")).toMatchObject([{ message, name: "attic" }]);
    const check = await checkScene(farm.requestFor([node], { frames: "1-2", ...chosen }));
    expect(check.warnings).toEqual([expect.objectContaining({ message, name: "attic" })]);
  });

  test.each([
    ["CAMERA_NOT_FOUND", "FARM_BAD_INPUT", /--camera/],
    ["VIEW_LAYER_NOT_FOUND", "FARM_BAD_INPUT", /--view-layer/],
    ["ENGINE_NOT_FOUND", "FARM_NODE_EXCLUDED", /--engine/],
    ["PICTURE_TOO_LARGE", "FARM_BAD_INPUT", /--resolution/],
  ])("fails with the node's message and a hint for %s", async (code, farmCode, hint) => {
    const message = "The scene 'Scene' has no camera 'Right'; it has 'Left'";
    const node = await farm.start({ loadFails: { code, message } });
    await expect(farm.run([node], { frames: "1-2", camera: "Right" }).result).rejects.toMatchObject({
      ...{ code: farmCode, message: expect.stringContaining(message), hint: expect.stringMatching(hint) },
    });
  });

  test("says that a video has no alpha channel, and not of a video that has one", async () => {
    const node = await farm.start({ scene: { colorMode: "RGB" } });
    const run = farm.run([node], { frames: "1-2", transparent: true });
    expect(await run.completed()).toMatchObject({ warnings: [expect.stringMatching(/no alpha channel/)] });
    const output = farm.path("out.mov");
    const other = farm.run([node], { frames: "1-2", transparent: true, codec: "prores", output });
    expect(await other.completed()).toMatchObject({ warnings: [] });
  });

  test("says that JPEG pictures have no alpha channel, and not of PNG pictures", async () => {
    const form = { format: "jpeg" as const, depth: 8 as const, suffixes: [""], numbered: false, nodes: 0 };
    const picture = { of: 0, bytes: makeJpeg({ width: 32, height: 24, comments: [] }) };
    const info = { pictures: ["png", "jpeg"] as const };
    const scene = { colorMode: "RGB" } as const;
    const node = await farm.start({ info, scene, sceneInfo: { pictures: form }, pictures: () => [picture] });
    const run = farm.run([node], { frames: "1-2", transparent: true, output: farm.path("shot/####.jpg") });
    expect(await run.completed()).toMatchObject({ warnings: [expect.stringMatching(/no alpha channel/)] });
    const pngs = { frames: "1-2", transparent: true as const, output: farm.path("pngs/####.png") };
    expect(await farm.run([await farm.start({ scene })], pngs).completed()).toMatchObject({ warnings: [] });
  });

  test("checks no frame under a time limit, in which no two renders are the same, and says so if checks were asked for", async () => {
    const node = await farm.start();
    const checked = farm.run([node], { frames: "1-2", checks: "all" });
    await checked.completed();
    expect(heardBy(node, "job-checks")).toHaveLength(1);
    const run = farm.run([node], { frames: "1-2", checks: "all", timeLimit: 30, overwrite: true });
    expect(await run.completed()).toMatchObject({ warnings: [expect.stringMatching(/under --time-limit/)] });
    expect(heardBy(node, "job-checks")).toHaveLength(1);
  });

  test("shows a check the scene with them", async () => {
    const node = await farm.start();
    const check = await checkScene(farm.requestFor([node], { frames: "1-2", ...overrides }));
    expect(check).toMatchObject({ error: null, scene: { width: 16, height: 12 } });
    expect(heardBy(node, "job-load")).toMatchObject([{ overrides }]);
  });

  test("leaves the blendfile alone", async () => {
    const before = await readFile(farm.blend);
    await farm.run([await farm.start()], { frames: "1-2", ...overrides }).completed();
    expect(await readFile(farm.blend)).toEqual(before);
  });
});
