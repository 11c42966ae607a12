import { expect, test } from "vitest";
import type { JobSettings } from "../../../src/config/job-settings.ts";
import type { SceneInfo } from "../../../src/session/protocol.ts";
import { ScriptedFarm } from "../../support/nodes/scripted-farm.ts";

/** A farm on which a job of four frames has just been completed, and how many links its node has had. */
async function finished(sceneInfo: Partial<SceneInfo> = {}) {
  const farm = await ScriptedFarm.open();
  const node = await farm.start({ sceneInfo });
  await farm.run([node], { frames: "1-4" }).completed();
  const again = (settings: Partial<JobSettings> = {}) => farm.run([node], { frames: "1-4", ...settings });
  return { farm, node, again, links: node.node.links };
}

test("the same command succeeds again if its video exists, and contacts no node", async () => {
  const { farm, node, again, links } = await finished();
  await using _ = farm;
  expect(await again().completed()).toMatchObject({ frames: 4, reused: 4 });
  expect(node.node.links).toBe(links);
});

test.each<[what: string, settings: Partial<JobSettings>]>([
  ["another Blender is asked for", { blenderVersion: "9.9" }],
  ["versions may be mixed", { mixVersions: true }],
  ["scripts may run", { allowScripts: true }],
  ["another rate is asked for", { fps: "30" }],
  ["other frames are asked for", { frames: "1-3" }],
])("the existing video is not accepted if %s", async (_, settings) => {
  const { farm, again } = await finished();
  await using _farm = farm;
  await expect(again(settings).result).rejects.toMatchObject({ code: "FARM_OUTPUT_EXISTS" });
});

test("nor if the scene uses files that only a node can check: they may have changed", async () => {
  const { farm, again } = await finished({ files: "f".repeat(64) });
  await using _ = farm;
  await expect(again().result).rejects.toMatchObject({ code: "FARM_OUTPUT_EXISTS" });
});

test("nor if files were missing and this command does not allow that", async () => {
  const references = [{ kind: "image", path: "//wood.png", missing: true }];
  const farm = await ScriptedFarm.open();
  await using _ = farm;
  const node = await farm.start({ sceneInfo: { references } });
  await farm.run([node], { frames: "1-4", missing: "warn" }).completed();
  await expect(farm.run([node], { frames: "1-4" }).result).rejects.toMatchObject({ code: "FARM_OUTPUT_EXISTS" });
});
