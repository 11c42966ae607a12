import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { pixelsOf } from "../support/blender.ts";
import { requireBuild } from "../support/lab/lab.ts";
import { runBlender, type TestedBlender, testedBlenders } from "./tested-blender.ts";
import { VersionLab } from "./version-lab.ts";

const recipe = fileURLToPath(new URL("preview.py", import.meta.url));
const keyframed = fileURLToPath(new URL("../support/scenes/keyframed.py", import.meta.url));

/** What scenes do with their samples. */
const cases = [
  ...["keyed", "driven", "in a track", "of a view layer", "squared", "branched", "of another scene", "of EEVEE"],
] as const;
/** Those that Cycles has only up to 2.93. */
const oldestOnly: readonly string[] = ["squared", "branched"];

if (testedBlenders.length === 0)
  console.warn("Skipped: no Blenders were prepared, start these tests with `npm run test:blenders`");

describe.skipIf(testedBlenders.length === 0).each(testedBlenders.map((blender) => [blender.version, blender] as const))(
  "A preview by Blender %s",
  (_, blender) => {
    test.each(cases)("has half the size and 16 samples if the samples are %s", async (name) => {
      requireBuild();
      await using lab = await VersionLab.open();
      const folder = lab.path("");
      const [full, small] = ["full", "preview"].map((kind) => lab.path(`${kind}.blend`)) as [string, string];
      const said = await build(blender, folder, full, name, "full");
      const isMissing = oldestOnly.includes(name) && !blender.version.startsWith("2.");
      expect(/^unsupported$/m.test(said), said).toBe(isMissing);
      if (isMissing) return console.warn(`Skipped: ${blender.version} has no samples ${name}`);
      await build(blender, folder, small, name, "preview");
      const frames = name === "of EEVEE" ? [1] : [1, 5];
      const picture = lab.path("alone/frame_####");
      const range = ["-s", "1", "-e", String(frames.at(-1)), "-j", "4", "-a"];
      await runBlender(blender, folder, ["-b", small, "-noaudio", "-o", picture, "-F", "PNG", ...range]);

      await lab.startNode(blender);
      const run = lab.coordinate([full, "-o", lab.path("film.mp4"), "--preview"]);
      const { code, last, stderr } = await run.end(300_000);
      expect({ code, last }, `${run.story()}\n${stderr}`).toMatchObject({
        ...{ code: 0, last: { type: "job:completed", output: lab.path("film.preview.mp4") } },
      });
      expect(await pixelsOf(lab.path("film.preview.mp4.renderfarm/frames"), frames)).toEqual(
        await pixelsOf(lab.path("alone"), frames),
      );
    });
  },
);

/** @returns What Blender said */
async function build(blender: TestedBlender, folder: string, target: string, name: string, kind: string) {
  const start = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "1"];
  return await runBlender(blender, folder, [...start, "-P", recipe, "--", keyframed, target, name, kind]);
}
