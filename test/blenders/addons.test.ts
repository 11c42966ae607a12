import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { pixelsOf } from "../support/blender.ts";
import { requireBuild } from "../support/lab/lab.ts";
import { nodeScripts, runBlender, type TestedBlender, testedBlenders } from "./tested-blender.ts";
import { VersionLab } from "./version-lab.ts";

const extensions = fileURLToPath(new URL("../support/scenes/extensions.py", import.meta.url));
const recipe = fileURLToPath(new URL("../support/scenes/by_addon.py", import.meta.url));
const missing = fileURLToPath(new URL("../support/scenes/missing_engines.py", import.meta.url));
const userScripts = fileURLToPath(new URL("../support/user-scripts", import.meta.url));
const hasAddon = { BLENDER_USER_SCRIPTS: userScripts };

if (testedBlenders.length === 0)
  console.warn("Skipped: no Blenders were prepared, start these tests with `npm run test:blenders`");

describe.skipIf(testedBlenders.length === 0).each(testedBlenders.map((blender) => [blender.version, blender] as const))(
  "A scene whose engine is an add-on's, on Blender %s",
  (_, blender) => {
    test.each([
      ["without --addons", { env: hasAddon, more: ["--allow-addons", "all"], flags: [] }],
      ["without the add-on", { env: {}, more: [], flags: [] }],
    ])("is not rendered %s", async (_case, { env, more, flags }) => {
      requireBuild();
      await using lab = await VersionLab.open();
      await lab.startNodeWith(blender, { env, more });
      const run = lab.coordinate([await sceneIn(lab, blender), "-o", lab.path("out/####.png"), ...flags]);
      const { code, last } = await run.end(120_000);
      const why = "is rendered by 'FLAT_ENGINE', an engine that this Blender does not have";
      expect({ code, last }, run.story()).toMatchObject({
        ...{ code: 3, last: { code: "FARM_NODE_EXCLUDED", message: expect.stringContaining(why) } },
      });
      expect(last?.hint).toContain("--addons NAME");
      expect(run.all("frame:stored")).toEqual([]);
    });

    test("is an error only if the scene is shown", async () => {
      await using lab = await VersionLab.open();
      const start = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "1", "-P", missing];
      const said = await runBlender(blender, lab.path(""), [...start, "--", nodeScripts, lab.path("")]);
      const version = Number.parseFloat(blender.version);
      // Up to 4.5 groups read no scene, and 2.83 makes no meta strips.
      const without = [
        ...(version < 2.9 ? ["in_meta", "in_muted_meta"] : []),
        ...(version < 5 ? ["node_in_group"] : []),
      ];
      expect([...said.matchAll(/^without (\w+)$/gm)].map(([, name]) => name).sort()).toEqual(without);
    });

    test("is rendered as by `blender -a` with the add-on, on nodes that allow it", async () => {
      requireBuild();
      await using lab = await VersionLab.open();
      await lab.startNodeWith(blender, { env: hasAddon, more: ["--allow-addons", "flat_engine"] });
      const blend = await sceneIn(lab, blender);
      const [alone, ours] = ["alone", "ours"].map((name) => lab.path(`${name}/####`)) as [string, string];
      // As its user enables it: Blender's own flag --addons gives an add-on no preferences, and this one reads its own.
      const enable = "import bpy; bpy.ops.preferences.addon_enable(module='flat_engine')";
      const start = ["-b", "-noaudio", "--python-expr", enable, blend, "-o", alone, "-F", "PNG", "-x", "1"];
      await runBlender(blender, lab.path(""), [...start, "-s", "1", "-e", "3", "-a"], hasAddon);

      const run = lab.coordinate([blend, "-o", `${ours}.png`, "--addons", "flat_engine"]);
      const { code, last, stderr } = await run.end(120_000);
      expect({ code, last: last?.type }, `${run.story()}\n${stderr}`).toEqual({ code: 0, last: "job:completed" });
      const [wanted, got] = [alone, ours].map((path) => join(path, "..")) as [string, string];
      expect(await pixelsOf(got, [1, 2, 3])).toEqual(await pixelsOf(wanted, [1, 2, 3]));
      expect(new Set(await pixelsOf(got, [1, 2, 3])).size).toBe(3);
    });
  },
);

const withExtensions = testedBlenders.filter(({ version }) => Number.parseFloat(version) >= 4.2);

describe.skipIf(withExtensions.length === 0).each(withExtensions.map((blender) => [blender.version, blender] as const))(
  "Extensions on Blender %s",
  (_, blender) => {
    test("are enabled for a job, and the Python packages of the owner's other extensions stay", async () => {
      await using lab = await VersionLab.open();
      const env = { BLENDER_USER_EXTENSIONS: lab.path("extensions") };
      const act = async (what: string, ...names: string[]) => {
        const start = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "1", "-P", extensions];
        const said = await runBlender(blender, lab.path(""), [...start, "--", what, nodeScripts, ...names], env);
        return said.match(/^(enabled|failed|same) .*/gm);
      };
      await act("make");
      await act("own", "packed", "plain");
      expect(await act("job", "plain")).toEqual(["enabled [True]", "same True"]);
      expect(await act("job", "packed", "plain")).toEqual(["enabled [True, True]", "same True"]);
      expect(await act("job", "future")).toEqual([
        expect.stringMatching(/^failed The add-on 'bl_ext.user_default.future' cannot be enabled: .*99/),
        "same True",
      ]);
    });
  },
);

/** The blendfile, as this Blender saves it. */
async function sceneIn(lab: VersionLab, blender: TestedBlender): Promise<string> {
  const scenes = lab.path("scenes");
  await mkdir(scenes);
  const start = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "1"];
  await runBlender(blender, scenes, [...start, "-P", recipe, "--", scenes]);
  return join(scenes, "main.blend");
}
