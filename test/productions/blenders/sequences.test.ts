import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { runBlender, type TestedBlender, testedBlenders } from "../../blenders/tested-blender.ts";
import { VersionLab } from "../../blenders/version-lab.ts";
import { pixelsOf } from "../../support/blender.ts";
import { requireBuild } from "../../support/lab/lab.ts";
import type { LabNode } from "../../support/lab/lab-node.ts";

const recipeOf = (name: string) => fileURLToPath(new URL(`../scenes/${name}.py`, import.meta.url));
const start = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "1"];

/**
 * The scenes, and the pictures of them that a node has after frames 1 and 2. The files were saved at frame 8. What a
 * trimmed strip shows depends on Blender's version.
 */
const scenes: readonly [
  what: string,
  recipe: string,
  sent: Readonly<Record<string, readonly number[]>>,
  others: readonly string[],
][] = [
  [
    "textures",
    "sequences",
    {
      plain: [1, 2, 3, 7, 8, 9],
      shifted: [5, 6, 10, 11, 12],
      cyclic: [5, 6, 7],
      shared: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
      still: [1, 2, 3, 4, 5],
      keyed: [1, 2, 3, 4, 5],
      sky: [0, 1, 2, 3, 7, 8, 9],
    },
    ["tex/wood_v002.png"],
  ],
  [
    "strips",
    "strips",
    {
      plain: [1, 2, 3, 7, 8, 9],
      late: [1, 4, 5, 6],
      backwards: [4, 5, 6, 10, 11, 12],
      slow: [1, 2, 3, 5, 6, 7, 8, 9],
      single: [1],
    },
    [],
  ],
];

describe.skipIf(testedBlenders.length === 0).each(testedBlenders.map((blender) => [blender.version, blender] as const))(
  "sequences for Blender %s",
  (_, blender) => {
    test.each(scenes)(
      "of %s render rightly on a node that gets their files frame by frame, and no others",
      async (_what, recipe, sent, others) => {
        requireBuild();
        await using lab = await VersionLab.open();
        const node = await makeProject(lab, blender, recipe);
        const into = ["-o", lab.path("alone/frame_####"), "-F", "PNG", "-x", "1", "-a"];
        await runBlender(blender, lab.path(""), ["-b", lab.path("artist/shot.blend"), "-noaudio", ...into]);
        await rename(lab.path("artist"), lab.path("project"));
        const output = lab.path("film.mp4");
        const words = [lab.path("project/shot.blend"), "-o", output];

        expect((await lab.coordinate([...words, "--frames", "1-2"]).end()).last).toMatchObject({ frames: 2 });
        const pictures = Object.entries(sent).flatMap(([name, numbers]) => numbers.map((each) => fileName(name, each)));
        const found = (await filesOn(lab, node)).filter((file) => !file.startsWith("trimmed/"));
        expect(found).toEqual(["shot.blend", ...pictures, ...others].sort());

        await rm(output);
        const frames = Array.from({ length: 12 }, (_each, index) => index + 1);
        // From the first frame: Blender 2.83 shows the picture of a process's first frame in all others, with `-a` too.
        const { last } = await lab.coordinate([...words, "--fresh"]).end();
        expect(last).toMatchObject({ type: "job:completed", frames: 12 });
        expect(await pixelsOf(`${output}.renderfarm/frames`, frames)).toEqual(
          await pixelsOf(lab.path("alone"), frames),
        );
        expect(await lab.leftovers()).toEqual({ processes: [], files: [] });
      },
    );
  },
);

const fileName = (name: string, number: number) => `${name}/s_${String(number).padStart(4, "0")}.png`;

/** Builds the scene, and starts a node that will not see it. */
async function makeProject(lab: VersionLab, blender: TestedBlender, recipe: string): Promise<LabNode> {
  await mkdir(lab.path("artist"));
  await mkdir(lab.path("project"));
  await mkdir(lab.path("alone"));
  await runBlender(blender, lab.path(""), [...start, "-P", recipeOf(recipe), "--", lab.path("artist/shot.blend")]);
  return await lab.startNodeWithout(lab.path("project"), blender);
}

/** The files of the project that a node has, sorted. */
async function filesOn(lab: VersionLab, node: LabNode): Promise<readonly string[]> {
  const names = new Map<string, string>();
  const entries = await readdir(lab.path("project"), { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((each) => each.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const digest = createHash("sha256")
      .update(await readFile(path))
      .digest("hex");
    names.set(digest, path.slice(lab.path("project/").length));
  }
  return (await lab.blobsOf(node)).flatMap((blob) => names.get(blob) ?? []).sort();
}
