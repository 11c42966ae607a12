import { mkdir, readFile, rename } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { runBlender, type TestedBlender, testedBlenders } from "../../blenders/tested-blender.ts";
import { VersionLab } from "../../blenders/version-lab.ts";
import { pixelsOf } from "../../support/blender.ts";
import { requireBuild } from "../../support/lab/lab.ts";
import { findFont, makeClip } from "../../support/media.ts";

const frames = [1, 2, 3, 4];
/** The files of production.py whose paths are absolute. */
const movedOfProduction = ["lib/lib.blend", "lib/own.png", "tex/absolute.png", "tex/windows.png"];
const start = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "1"];

const recipeOf = (name: string) => fileURLToPath(new URL(`../scenes/${name}.py`, import.meta.url));

/** The rows of the README's table of what was tested, by what the builders call them. */
const rowOf: Readonly<Record<string, string>> = {
  textures:
    "textures, tiles, sequences, movies, fonts, libraries of libraries, overrides, studio lights of another Blender",
  strips: "pictures and movies in the sequencer",
  pc2: "mesh caches, .pc2",
  mdd: "mesh caches, .mdd",
  ies: "lamp profiles",
  ocean: "oceans that are not baked",
  cloth: "simulations with a disk cache",
  fluid: "baked fluids",
  volume: "sequences of OpenVDB files",
  zone: "baked geometry nodes",
  multires: "Multires details in a file of their own",
  clip: "movie clips in the compositor",
  stereo: "pictures with a file for each eye",
};

describe.skipIf(testedBlenders.length === 0).each(testedBlenders.map((blender) => [blender.version, blender] as const))(
  "a production for Blender %s that has moved since it was saved",
  (_, blender) => {
    const shown = new Set<string>();
    const show = async (...production: Production) => {
      for (const kind of await expectSameFrames(blender, ...production)) shown.add(kind);
    };

    test("with pictures, tiles, sequences, movies, fonts and libraries", async () => {
      await show("production", "reference", async (lab) => {
        const font = lab.path("font.ttf");
        await execa("cp", [await findFont(), font]);
        return [font];
      });
    });

    test("with caches of meshes, points, fluids and nodes, an ocean, volumes and lamp profiles", async () => {
      await show("caches", "shot");
    });

    test("with the same, named by absolute paths of the place where they were", async () => {
      await show("caches", "shot", async () => ["absolute"]);
    });

    test("with pictures and a movie in the sequencer", async () => {
      await show("caches", "shot", async () => ["strips"]);
    });

    test("with a picture for each eye", async () => {
      await show("caches", "shot", async () => ["stereo"]);
    });

    test("with a movie clip in the compositor", async () => {
      await show("caches", "shot", async () => ["pc2", "clip"]);
    });

    test("of which this Blender cannot read all is refused, and rendered without the rest only if asked", async () => {
      requireBuild();
      await using lab = await VersionLab.open();
      await mkdir(lab.path("project"));
      const blend = lab.path("project/shot.blend");
      await runBlender(blender, lab.path(""), ["-b", "--factory-startup", "-P", recipeOf("unread"), "--", blend]);
      await lab.startNode(blender);
      const words = [blend, "-o", lab.path("film.mp4"), "--frames", "1"];

      const refused = await lab.coordinate(words).end();
      expect(refused.code).toBe(3);
      expect(refused.stderr).toContain(
        "was built without Alembic and OSL, which CacheFile 'duck.abc': //duck.abc and 1",
      );
      const { last } = await lab.coordinate([...words, "--missing", "warn"]).end();
      expect(last).toMatchObject({ type: "job:completed", frames: 1 });
      expect(last?.warnings).toEqual([
        expect.stringContaining("Alembic for CacheFile 'duck.abc': //duck.abc is missing, and was not rendered"),
        expect.stringContaining("OSL for Node 'Toon': toon.osl is missing, and was not rendered"),
      ]);
      expect(await lab.leftovers()).toEqual({ processes: [], files: [] });
    });

    test("has shown just what the README says", async () => {
      expect([...shown].map((kind) => rowOf[kind]).sort()).toEqual([...(await promisedBy(blender.version))].sort());
    });
  },
);

/** The rows of the README's table that say that this version was tested. */
async function promisedBy(version: string): Promise<readonly string[]> {
  const readme = await readFile(new URL("../../../README.md", import.meta.url), "utf8");
  const [head = "", , ...rows] = /\| in the scene \|.*\n(?:\|.*\n)+/.exec(readme)?.[0].trimEnd().split("\n") ?? [];
  const cellsOf = (line: string) => line.split("|").map((cell) => cell.trim());
  const column = cellsOf(head).findIndex((cell) => cell !== "" && version.startsWith(`${cell}.`));
  expect(column, `the column of Blender ${version} in the README`).toBeGreaterThan(1);
  return rows.map(cellsOf).flatMap((cells) => (cells[column] === "yes" ? [cells[1] ?? ""] : []));
}

/** The script that builds it, the blendfile that Blender itself can render in place, and further arguments. */
type Production = [
  recipe: string,
  reference: string,
  argumentsOf?: ((lab: VersionLab) => Promise<readonly string[]>) | undefined,
];

/**
 * Builds a production, has its own Blender render it in place, moves it, and renders it on a node that cannot see it.
 *
 * @returns The kinds of files in it
 */
async function expectSameFrames(
  blender: TestedBlender,
  ...[recipe, reference, argumentsOf = async () => []]: Production
): Promise<readonly string[]> {
  requireBuild();
  await using lab = await VersionLab.open();
  await mkdir(lab.path("artist/shots"), { recursive: true });
  await mkdir(lab.path("alone"));
  const clip = await makeClip(lab.path("clip.mp4"));
  const words = ["--", lab.path("artist/shots/shot.blend"), clip, ...(await argumentsOf(lab))];
  const told = await runBlender(blender, lab.path(""), [...start, "-P", recipeOf(recipe), ...words]);
  const blend = lab.path(`artist/shots/${reference}.blend`);
  const into = ["-o", lab.path("alone/frame_####"), "-F", "PNG", "-x", "1", "-a"];
  await runBlender(blender, lab.path(""), ["-b", blend, "-noaudio", ...into]);
  await rename(lab.path("artist"), lab.path("project"));

  await lab.startNodeWithout(lab.path("project"), blender);
  const output = lab.path("film.mp4");
  const roots = ["--asset-root", lab.path("project")];
  const run = lab.coordinate([lab.path("project/shots/shot.blend"), "-o", output, ...roots]);
  const { code, last, stderr } = await run.end(300_000);
  expect({ code, last }, `${run.story()}\n${stderr}`).toMatchObject({ code: 0, last: { frames: 4 } });
  const warnings = (last?.warnings ?? []) as string[];
  const moved = warnings.map((warning) => /is not on this machine: (.*) was used in its place$/.exec(warning)?.[1]);
  if (words.includes("absolute")) expect(moved.filter(Boolean).length).toBeGreaterThan(2);
  else if (recipe === "production") expect(moved.sort()).toEqual(movedOfProduction);
  else expect(warnings).toEqual([]);
  const alone = await pixelsOf(lab.path("alone"), frames);
  // Blender 2.83 shows one picture of an image sequence again and again.
  expect(new Set(alone).size, "frames of the scene that differ from each other").toBeGreaterThan(1);
  expect(await pixelsOf(`${output}.renderfarm/frames`, frames)).toEqual(alone);
  expect(await lab.leftovers()).toEqual({ processes: [], files: [] });
  return /^kinds: (.*)$/m.exec(told)?.[1]?.split(" ") ?? [];
}
