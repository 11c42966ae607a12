import { mkdir, rename } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { pixelsOf } from "../support/blender.ts";
import { requireBuild } from "../support/lab/lab.ts";
import { findFont, makeClip } from "../support/media.ts";
import { runBlender, type TestedBlender, testedBlenders } from "./tested-blender.ts";
import { VersionLab } from "./version-lab.ts";

const frames = [1, 2, 3, 4];
const start = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "1"];

const recipeOf = (name: string) => fileURLToPath(new URL(`../support/scenes/${name}.py`, import.meta.url));

describe.skipIf(testedBlenders.length === 0).each(testedBlenders.map((blender) => [blender.version, blender] as const))(
  "a production for Blender %s that has moved since it was saved",
  (_, blender) => {
    test("with pictures, tiles, sequences, movies, fonts and libraries", async () => {
      await expectSameFrames(blender, "production", "reference", async (lab) => {
        const font = lab.path("font.ttf");
        await execa("cp", [await findFont(), font]);
        return [font];
      });
    });

    test("with caches of meshes, points, fluids and nodes, an ocean, volumes and lamp profiles", async () => {
      await expectSameFrames(blender, "caches", "shot");
    });

    test("with pictures and a movie in the sequencer", async () => {
      await expectSameFrames(blender, "caches", "shot", async () => ["strips"]);
    });
  },
);

/**
 * Builds a production, has its own Blender render it in place, moves it, and renders it on a node.
 *
 * @param reference The blendfile that Blender itself can render in place
 */
async function expectSameFrames(
  blender: TestedBlender,
  recipe: string,
  reference: string,
  argumentsOf: (lab: VersionLab) => Promise<readonly string[]> = async () => [],
): Promise<void> {
  requireBuild();
  await using lab = await VersionLab.open();
  await mkdir(lab.path("artist/shots"), { recursive: true });
  await mkdir(lab.path("alone"));
  const clip = await makeClip(lab.path("clip.mp4"));
  const words = ["--", lab.path("artist/shots/shot.blend"), clip, ...(await argumentsOf(lab))];
  await runBlender(blender, lab.path(""), [...start, "-P", recipeOf(recipe), ...words]);
  const blend = lab.path(`artist/shots/${reference}.blend`);
  const into = ["-o", lab.path("alone/frame_####"), "-F", "PNG", "-x", "1", "-a"];
  await runBlender(blender, lab.path(""), ["-b", blend, "-noaudio", ...into]);
  await rename(lab.path("artist"), lab.path("project"));

  await lab.startNode(blender);
  const output = lab.path("film.mp4");
  const roots = ["--asset-root", lab.path("project")];
  const run = lab.coordinate([lab.path("project/shots/shot.blend"), "-o", output, ...roots]);
  const { code, last, stderr } = await run.end(300_000);
  expect({ code, last }, `${run.story()}\n${stderr}`).toMatchObject({ code: 0, last: { frames: 4, warnings: [] } });
  const alone = await pixelsOf(lab.path("alone"), frames);
  // Blender 2.83 shows one picture of an image sequence again and again.
  expect(new Set(alone).size, "frames of the scene that differ from each other").toBeGreaterThan(1);
  expect(await pixelsOf(`${output}.renderfarm/frames`, frames)).toEqual(alone);
  expect(await lab.leftovers()).toEqual({ processes: [], files: [] });
}
