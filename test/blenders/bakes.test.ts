import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { pixelsOf } from "../support/blender.ts";
import { requireBuild } from "../support/lab/lab.ts";
import { nodeScripts, runBlender, testedBlenders } from "./tested-blender.ts";
import { VersionLab } from "./version-lab.ts";

const scripts = fileURLToPath(new URL("../fidelity", import.meta.url));
const start = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "1", "-P"];
/** Adds a texture beside the blendfile, and nodes in a collection that does not take part, and saves it at another frame. */
const furnish = `
import bpy
scene = bpy.context.scene
image = bpy.data.images.new("tile", 8, 8)
image.filepath_raw, image.file_format = bpy.path.abspath("//tile.png"), "PNG"
image.save()
image.filepath, image.use_fake_user = "//tile.png", True
spare = bpy.data.objects.new("Spare", bpy.data.meshes.new("Spare"))
spare.modifiers.new("Nodes", "NODES")
aside = bpy.data.collections.new("Aside")
aside.objects.link(spare)
scene.collection.children.link(aside)
bpy.context.view_layer.layer_collection.children["Aside"].exclude = True
scene.frame_set(4)
bpy.ops.wm.save_mainfile()
`;
/** Gives the cloth more vertices than its mesh has, and the scene a second camera. */
const subdivide = `
import bpy
scene = bpy.context.scene
for thing in scene.objects:
    if any(modifier.type == "CLOTH" for modifier in thing.modifiers):
        thing.modifiers.new("Smooth", "SUBSURF").render_levels = 2
        bpy.context.view_layer.objects.active = thing
        bpy.ops.object.modifier_move_up(modifier="Smooth")
second = bpy.data.objects.new("Second", bpy.data.cameras.new("Second"))
second.location, second.rotation_euler = (0, -14, 6), (1.2, 0, 0)
scene.collection.objects.link(second)
`.trim();
/** What the flags of the job ask for, by hand. */
const simplify = `
import bpy
scene = bpy.context.scene
scene.render.use_simplify, scene.render.simplify_subdivision_render = True, 0
scene.camera, scene.cycles.samples = bpy.data.objects["Second"], 2
`.trim();
const frames = [1, 2, 3, 4, 5, 6];

/** What a bake keeps, and what is played instead, with the reason. */
const baked = [
  ...["rigid_body", "cloth", "soft_body", "newton_particles", "simulation_zone"],
  ...["dynamic_paint", "linked_cloth", "linked_and_instanced_cloth", "overridden_cloth"],
];
const played: Readonly<Record<string, RegExp>> = { liquid: /no bake keeps fluid/ };

if (testedBlenders.length === 0)
  console.warn("Skipped: no Blenders were prepared, start these tests with `npm run test:blenders`");

describe.skipIf(testedBlenders.length === 0)("Simulations that are not baked", () => {
  test.each(testedBlenders.map((blender) => [blender.version, blender] as const))(
    "are baked once by a node with Blender %s, or played where no bake keeps them, and look as when they are played",
    async (_, blender) => {
      requireBuild();
      await using lab = await VersionLab.open();
      await lab.startNode(blender);
      const wanted = [...baked, ...Object.keys(played)];
      const shots = lab.path("shots");
      await mkdir(shots);
      const made = await runBlender(blender, shots, [...start, join(scripts, "make.py"), "--", shots, ...wanted]);
      for (const feature of wanted.filter((name) => made.includes(`simulated ${name}`))) {
        const [truth, blend, output] = ["-truth", ".blend", ".mp4"].map((end) => join(shots, `${feature}${end}`)) as [
          string,
          string,
          string,
        ];
        const play = ["-noaudio", "-P", join(scripts, "play.py"), "--", truth, ...frames.map(String)];
        await runBlender(blender, shots, ["-b", blend, ...play]);
        const run = lab.coordinate([blend, "-o", output, "--checks", "none"]);
        const { code } = await run.end(120_000);
        expect(code, run.story()).toBe(0);
        const [ended] = run.all("bake:ended");
        const isOldest = blender.version.startsWith("2.83"); // its last frame of baked particles is another
        const why = isOldest && feature === "newton_particles" ? /not as in the played scene/ : played[feature];
        if (why === undefined) expect(ended, `${feature}: ${run.story()}`).toMatchObject({ why: null });
        else expect(ended, `${feature}: ${run.story()}`).toMatchObject({ why: expect.stringMatching(why) });
        expect(await pixelsOf(`${output}.renderfarm/frames`, frames), feature).toEqual(await pixelsOf(truth, frames));
      }
    },
  );

  test.each(testedBlenders.map((blender) => [blender.version, blender] as const))(
    "are baked by Blender %s frame by frame of what has to be baked, and each frame is told as the share that it is",
    async (_, blender) => {
      const folder = await mkdtemp(join(tmpdir(), "renderfarm-bakes-"));
      try {
        const recipe = join(scripts, "../support/scenes/bake_progress.py");
        const told = await runBlender(blender, folder, [...start, recipe, "--", folder, nodeScripts]);
        const kinds = [...told.matchAll(/^told (\w+) (\[.*\]) (\d)$/gm)];
        expect(kinds.length).toBeGreaterThanOrEqual(4);
        for (const [, kind = "", shares = "", times] of kinds) {
          const count = 6 * kind.split("_and_").length;
          const expected = Array.from({ length: count }, (_, index) => expect.closeTo((index + 1) / count));
          expect(JSON.parse(shares), kind).toEqual(expected);
          // Where caches are kept apart, the file is opened anew to receive them.
          expect(Number(times), kind).toBe(kind.includes("paint") ? 2 : 1);
        }
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  );

  const [newest] = testedBlenders.slice(-1);
  test("are not baked again when the job continues", async () => {
    requireBuild();
    if (newest === undefined) throw new Error("There is no Blender");
    await using lab = await VersionLab.open();
    await lab.startNode(newest);
    await runBlender(newest, lab.path(""), [...start, join(scripts, "make.py"), "--", lab.path(""), "simulation_zone"]);
    const blend = lab.path("simulation_zone.blend");
    await writeFile(lab.path("furnish.py"), furnish);
    await runBlender(newest, lab.path(""), [
      "-b",
      blend,
      "-noaudio",
      "--python-exit-code",
      "1",
      "-P",
      lab.path("furnish.py"),
    ]);
    const job = [blend, "-o", lab.path("film.mp4")];
    const first = lab.coordinate([...job, "--frames", "1-2"]);
    expect((await first.end(120_000)).code, first.story()).toBe(0);
    expect(first.all("bake:ended")).toMatchObject([{ why: null }]);
    const longer = lab.coordinate([...job, "--frames", "1-6", "--overwrite"]);
    expect((await longer.end(120_000)).code, longer.story()).toBe(0);
    expect(longer.all("bake:started")).toEqual([]);
    expect(longer.all("job:resumed")).toMatchObject([{ stored: 2 }]);

    const kept = lab.path("film.mp4.renderfarm/baked");
    const [copy = ""] = await readdir(kept);
    const ask = ["--python-expr", "import bpy; print('saved at', bpy.context.scene.frame_current)"];
    const told = await runBlender(newest, kept, ["-b", join(kept, copy), "-noaudio", ...ask]);
    expect(told, "the copy is as the artist left the file").toContain("saved at 4\n");
  });

  test.each(
    [...testedBlenders.slice(0, 1), ...testedBlenders.slice(-1)].map((blender) => [blender.version, blender] as const),
  )(
    "are baked by %s as the file has them if the job renders otherwise, and look as when the scene set so by hand is played",
    async (_, blender) => {
      requireBuild();
      await using lab = await VersionLab.open();
      await lab.startNode(blender);
      await runBlender(blender, lab.path(""), [...start, join(scripts, "make.py"), "--", lab.path(""), "cloth"]);
      const [blend, hand] = [lab.path("cloth.blend"), lab.path("hand.blend")];
      const run = (expression: string) =>
        runBlender(blender, lab.path(""), [
          "-b",
          blend,
          "-noaudio",
          "--python-exit-code",
          "1",
          "--python-expr",
          expression,
        ]);
      await run(`${subdivide}\nbpy.ops.wm.save_mainfile()`);
      await run(`${simplify}\nbpy.ops.wm.save_as_mainfile(filepath="${hand}")`);
      const play = ["-noaudio", "-P", join(scripts, "play.py"), "--", lab.path("truth"), ...frames.map(String)];
      await runBlender(blender, lab.path(""), ["-b", hand, ...play]);
      const job = [blend, "-o", lab.path("film.mp4"), "--overwrite"];
      const otherwise = lab.coordinate([...job, "--simplify", "0", "--camera", "Second", "--samples", "2"]);
      expect((await otherwise.end(120_000)).code, otherwise.story()).toBe(0);
      expect(otherwise.all("bake:ended")).toHaveLength(1);
      expect(await pixelsOf(lab.path("film.mp4.renderfarm/frames"), frames)).toEqual(
        await pixelsOf(lab.path("truth"), frames),
      );
      // What was compared with Simplify is not used without it.
      const asInFile = lab.coordinate(job);
      expect((await asInFile.end(120_000)).code, asInFile.story()).toBe(0);
      expect(asInFile.all("bake:ended")).toHaveLength(1);
    },
  );

  test("are not rendered from a copy whose caches are damaged", async () => {
    requireBuild();
    if (newest === undefined) throw new Error("There is no Blender");
    await using lab = await VersionLab.open();
    await lab.startNode(newest);
    const blend = lab.path("damaged.blend");
    const scene = "import bpy; bpy.context.scene['renderfarm_caches'] = b'PK of no archive'";
    const made = [...start.slice(0, -1), "--python-expr", `${scene}; bpy.ops.wm.save_as_mainfile(filepath="${blend}")`];
    await runBlender(newest, lab.path(""), made);
    const run = lab.coordinate([blend, "-o", lab.path("film.mp4"), "--frames", "1"]);
    expect((await run.end(120_000)).code, run.story()).not.toBe(0);
    expect(run.all("job:failed")).toMatchObject([
      { message: expect.stringContaining("caches in the file are damaged") },
    ]);
  });
});
