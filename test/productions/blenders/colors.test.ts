import { mkdir, rename } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { runBlender, testedBlenders } from "../../blenders/tested-blender.ts";
import { VersionLab } from "../../blenders/version-lab.ts";
import { pixelsOf } from "../../support/blender.ts";
import { requireBuild } from "../../support/lab/lab.ts";

const recipe = fileURLToPath(new URL("../scenes/colors.py", import.meta.url));
const start = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "1"];
const frames = [1, 2, 3, 4];

describe.skipIf(testedBlenders.length === 0).each(testedBlenders.map((blender) => [blender.version, blender] as const))(
  "a color configuration for Blender %s",
  (_, blender) => {
    test("that the artist has in the environment decides the colors on a node that has another", async () => {
      requireBuild();
      await using lab = await VersionLab.open();
      for (const folder of ["artist", "alone", "plain", "project"]) await mkdir(lab.path(folder));
      await runBlender(blender, lab.path(""), [...start, "-P", recipe, "--", lab.path("artist/shot.blend")]);
      const alone = async (into: string, env: Readonly<Record<string, string>>) => {
        const words = ["-o", lab.path(`${into}/frame_####`), "-F", "PNG", "-x", "1", "-a"];
        await runBlender(blender, lab.path(""), ["-b", lab.path("artist/shot.blend"), "-noaudio", ...words], env);
        return await pixelsOf(lab.path(into), frames);
      };
      const pixels = await alone("alone", { OCIO: lab.path("artist/colors/config.ocio") });
      expect(pixels).not.toEqual(await alone("plain", {}));
      await rename(lab.path("artist"), lab.path("project"));

      await lab.startNodeWithout(lab.path("project"), blender);
      const output = lab.path("film.mp4");
      const environment = { OCIO: lab.path("project/colors/config.ocio") };
      const run = lab.coordinate([lab.path("project/shot.blend"), "-o", output], environment);
      const { last } = await run.end();
      expect(last, run.story()).toMatchObject({ type: "job:completed", frames: 4, warnings: [] });
      expect(await pixelsOf(`${output}.renderfarm/frames`, frames)).toEqual(pixels);
      expect(await lab.leftovers()).toEqual({ processes: [], files: [] });
    });
  },
);
