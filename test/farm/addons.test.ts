import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { FromCoordinator } from "../../src/session/protocol.ts";
import type { FakeNodeOptions } from "../support/nodes/fake-node.ts";
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

describe("renderJob() with `addons`", () => {
  test.each([{ allowed: "all" }, { allowed: ["other", "flat"] }])(
    "asks nodes that allow them: $allowed",
    async ({ allowed }) => {
      const node = await farm.start({ info: { addons: allowed } });
      await farm.run([node], { frames: "1-2", addons: ["flat"] }).completed();
      expect(loadsOf(node)).toMatchObject([{ addons: ["flat"] }]);
    },
  );

  test("asks for none without them", async () => {
    const node = await farm.start({ info: { addons: "all" } });
    await farm.run([node], { frames: "1-2" }).completed();
    expect(loadsOf(node)[0]).not.toHaveProperty("addons");
  });

  test.each<[string, FakeNodeOptions, string]>([
    ["allows none", { info: { addons: [] } }, "its owner does not allow the add-ons flat, bl_ext.user_default.sky"],
    [
      "does not allow one",
      { info: { addons: ["flat"] } },
      "its owner does not allow the add-on bl_ext.user_default.sky",
    ],
    ["is of an older release", {}, "its renderfarm 0.1.0 is too old to enable add-ons"],
  ])("gives nothing to a node that %s, and says why", async (_, options, why) => {
    const [good, bad] = [await farm.start({ info: { addons: "all" } }), await farm.start({ ...options, name: "bad" })];
    const addons = ["flat", "bl_ext.user_default.sky"];
    const run = farm.run([good, bad], { frames: "1-4", addons });
    await run.completed();
    expect(run.all("node:excluded")).toMatchObject([{ name: "bad", message: `Cannot use bad: ${why}` }]);
    expect(bad.node.heard).toEqual([]);
    await expect(farm.run([bad], { frames: "5-6", addons, overwrite: true }).result).rejects.toMatchObject({
      ...{ code: "FARM_NODE_EXCLUDED", message: `Cannot use bad: ${why}` },
    });
  });

  test("does not use the frames of a render without them", async () => {
    const node = await farm.start({ info: { addons: "all" } });
    const render = (addons: readonly string[]) => farm.run([node], { frames: "1-2", addons, overwrite: true });
    await render([]).completed();
    const run = render(["b", "a"]);
    await run.completed();
    expect(run.stored).toEqual([1, 2]);
    const again = render(["a", "b"]);
    expect(await again.completed()).toMatchObject({ reused: 2 });
  });
});

describe("renderJob(), if a node cannot render the scene as it is meant", () => {
  test.each([
    ["ENGINE_MISSING", "The scene 'Scene' is rendered by 'LUX', an engine that this Blender does not have"],
    ["ADDON_FAILED", "This Blender has no add-on 'lux'"],
  ])("others render it, and with none of them the job fails with that reason: %s", async (code, message) => {
    const lacking = await farm.start({ name: "lacking", loadFails: { code, message, hint: "Install it" } });
    const run = farm.run([lacking, await farm.start({ name: "good" })], { frames: "1-4" });
    await run.completed();
    const told = `Cannot render on lacking: ${message}`;
    expect(run.all("node:excluded")).toMatchObject([{ name: "lacking", message: told }]);
    expect(lacking.node.rendered).toEqual([]);
    await expect(farm.run([lacking], { frames: "5-6", overwrite: true }).result).rejects.toMatchObject({
      ...{ code: "FARM_NODE_EXCLUDED", message: told, hint: "Install it" },
    });
  });
});
