import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { parseRenderFlags } from "../../src/config/flags.ts";
import { layerFlags, resolveSettings } from "../../src/config/resolve-settings.ts";

const context = {
  ...{ workingFolder: resolve("/films"), folders: { config: "/c", cache: "/d" }, keys: [], farmspec: undefined },
};
const needed = { blend: "a.blend", output: "out/b.mp4" };

test("resolveSettings() has a default for everything but blendfile and output, and makes paths absolute", () => {
  expect(resolveSettings(needed, context)).toMatchObject({
    ...{ blend: resolve("/films/a.blend"), output: resolve("/films/out/b.mp4"), order: "sequential", nodes: [] },
    ...{ discover: true, local: false, slots: 1, missing: "fail", mixVersions: false, keepFrames: false },
    ...{ overwrite: false, configFolder: "/c", cacheFolder: "/d", frames: undefined, fps: undefined },
  });
});

test("nodes that the user names are the whole farm", () => {
  const { nodes, discover } = resolveSettings({ ...needed, nodes: "a,b:7448" }, context);
  expect(nodes.map(({ address }) => address)).toEqual([
    { host: "a", port: 7447 },
    { host: "b", port: 7448 },
  ]);
  expect(discover).toBe(false);
});

test("the own machine joins nodes that are found, unless the user or a farmspec says otherwise", () => {
  expect(resolveSettings(needed, context).notHere).toBe(false);
  expect(resolveSettings({ ...needed, notHere: true }, context).notHere).toBe(true);
  expect(resolveSettings({ ...needed, nodes: "a" }, context).notHere).toBe(true);
});

describe("resolveSettings() names the flag that is missing or wrong:", () => {
  test.each([
    ["--blend", { output: "b.mp4" }],
    ["--output", { blend: "a.blend" }],
    ["5-1", { ...needed, frames: "5-1" }],
    ["--local", { ...needed, local: true, nodes: "a" }],
    ["--nodes", { ...needed, nodes: "a:b" }],
  ])("%s", (words, flags) => {
    const resolving = () => resolveSettings(flags, context);
    expect(resolving).toThrow(expect.objectContaining({ code: "FARM_BAD_INPUT" }));
    expect(resolving).toThrow(words);
  });
});

describe("parseRenderFlags() refuses", () => {
  test.each([
    ["--order", { order: "random" }],
    ["--slots", { slots: "0" }],
    ["--slots", { slots: "257" }],
    ["--slots", { slots: "many" }],
    ["--slots", { slots: "1.5" }],
    ["--blender-version", { blenderVersion: "three" }],
    ["--missing", { missing: "maybe" }],
    ["--log-level", { logLevel: "loud" }],
    ["--crf", { crf: "64" }],
    ["--scene", { scene: "" }],
    ["--addons", { addons: "a b" }],
    ["name each add-on", { addons: "all" }],
    ["name each add-on", { addons: "lux, all" }],
  ])("%s %j", (flag, flags) => {
    const parse = () => parseRenderFlags(flags);
    expect(parse).toThrow(expect.objectContaining({ code: "FARM_BAD_INPUT" }));
    expect(parse).toThrow(flag);
  });
});

test("layerFlags() prefers flags to the environment, and a flag that is not given hides nothing", () => {
  const layered = layerFlags({ ...needed, scene: undefined, fps: "25" }, { scene: "Shot", fps: "30" }, undefined);
  expect(layered).toMatchObject({ scene: "Shot", fps: "25" });
});
