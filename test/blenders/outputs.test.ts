import { copyFile, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { encodeFolder } from "../../src/farm/output/encode-folder.ts";
import { filesBelow } from "../support/files-below.ts";
import { requireBuild } from "../support/lab/lab.ts";
import { pictureContent } from "../support/picture-content.ts";
import { runBlender, type TestedBlender, testedBlenders } from "./tested-blender.ts";
import { VersionLab } from "./version-lab.ts";

const recipe = fileURLToPath(new URL("../support/scenes/pictures.py", import.meta.url));
/** Blender itself refuses ranges that begin below 0. */
const range = ["-s", "0", "-e", "2", "-a"];

/** Scenes whose own pictures are compared, and the endings of a frame's files. */
const sequences: Readonly<Record<string, readonly string[]>> = {
  png: [".png"],
  exr: [".exr"],
  half: [".exr"],
  multilayer: [".exr"],
  jpeg: [".jpg"],
  tiff: [".tif"],
  webp: [".webp"],
  stereo: ["_L.png", "_R.png"],
  stereo_exr: ["_L.exr", "_R.exr"],
  views_in_one: [".exr"],
};

/** Forms that a user may want instead: the flags, how Blender is told, and the ending. */
const forms: readonly (readonly [flags: readonly string[], blender: string, depth: number, ending: string])[] = [
  [["--format", "exr-multilayer", "--depth", "32"], "OPEN_EXR_MULTILAYER", 32, ".exr"],
  [["--format", "exr", "--depth", "16"], "OPEN_EXR", 16, ".exr"],
  [["--format", "jpeg"], "JPEG", 8, ".jpg"],
  [["--format", "tiff", "--depth", "8"], "TIFF", 8, ".tif"],
  [["--format", "png", "--depth", "8"], "PNG", 8, ".png"],
];

/** Has Blender itself write one frame in another form than the file says. */
function renderAs(blender: TestedBlender, folder: string, blend: string, form: string, depth: number, output: string) {
  const media = form.endsWith("MULTILAYER") ? "MULTI_LAYER_IMAGE" : "IMAGE";
  const script = [
    "import bpy",
    "image = bpy.context.scene.render.image_settings",
    `if hasattr(image, 'media_type'): image.media_type = '${media}'`,
    `image.file_format = '${form}'`,
    `image.color_depth = '${depth}'`,
  ].join("\n");
  const start = ["-b", "-noaudio", blend, "--python-exit-code", "1", "--python-expr", script];
  return runBlender(blender, folder, [...start, "-o", output, "-s", "1", "-e", "1", "-a"]);
}

/** Has Blender itself render frame 1 of a scene into an 8-bit PNG. @returns What it shows */
async function renderStill(blender: TestedBlender, folder: string, blend: string, picture: string) {
  const script = [
    "import bpy",
    "scene = bpy.context.scene",
    "image = scene.render.image_settings",
    "if hasattr(image, 'media_type'): image.media_type = 'IMAGE'",
    "image.file_format, image.color_depth = 'PNG', '8'",
    `scene.render.filepath = '${picture}'`,
    "scene.frame_set(1)",
    "bpy.ops.render.render(write_still=True)",
  ].join("\n");
  const start = ["-b", "-noaudio", blend, "--python-exit-code", "1", "--python-expr", script];
  await runBlender(blender, folder, start);
  return pictureContent(picture);
}

if (testedBlenders.length === 0)
  console.warn("Skipped: no Blenders were prepared, start these tests with `npm run test:blenders`");

/** A farm with one node of this Blender, and the scenes that it has made. */
async function openScenes(blender: TestedBlender) {
  requireBuild();
  const lab = await VersionLab.open();
  await lab.startNode(blender);
  const folder = lab.path("scenes");
  const elsewhere = lab.path("elsewhere");
  await mkdir(folder);
  const start = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "1", "-P", recipe, "--"];
  const made = await runBlender(blender, lab.path(""), [...start, folder, elsewhere]);
  const kinds = [...made.matchAll(/^made (\w+)$/gm)].map(([, kind = ""]) => kind);
  return { lab, folder, elsewhere, kinds };
}

describe.skipIf(testedBlenders.length === 0)("What a scene is set to write", () => {
  const cases = testedBlenders.map((blender) => [blender.version, blender] as const);

  test.each(cases)("comes out in its own format, as Blender %s itself writes it", async (_, blender) => {
    const { lab, folder, kinds } = await openScenes(blender);
    await using _lab = lab;
    const unmade = Object.keys(sequences).filter((kind) => !kinds.includes(kind));
    expect(unmade).toEqual(blender.version.startsWith("2.") ? ["webp"] : []);
    for (const [kind, endings] of Object.entries(sequences).filter(([each]) => !unmade.includes(each))) {
      const own = lab.path(`own-${kind}`);
      await mkdir(own);
      const blend = join(folder, `${kind}.blend`);
      await runBlender(blender, lab.path(""), ["-b", "-noaudio", blend, "-o", join(own, "f_####"), ...range]);
      const output = lab.path(`out-${kind}/`);
      const run = lab.coordinate([blend, "-o", output, "--frames", "-1-2"]);
      expect((await run.end(120_000)).code, `${kind}: ${run.story()}`).toBe(0);
      const numbers = ["-0001", "0000", "0001", "0002"];
      expect(await filesBelow(output.slice(0, -1)), kind).toEqual(
        numbers.flatMap((number) => endings.map((ending) => `${number}${ending}`)).sort(),
      );
      for (const number of numbers.slice(1)) {
        for (const ending of endings) {
          const ours = await pictureContent(join(output, `${number}${ending}`));
          const theirs = await pictureContent(join(own, `f_${number}${ending}`));
          expect(ours, `${kind} ${number}${ending}`).toEqual(theirs);
        }
      }
    }
  });

  test.each(cases)(
    "comes out in another format, and as a video, if the user wants that, with Blender %s",
    async (_, blender) => {
      const { lab, folder } = await openScenes(blender);
      await using _lab = lab;
      for (const [flags, form, depth, ending] of forms) {
        const own = lab.path(`own-${form}`);
        await renderAs(blender, lab.path(""), join(folder, "png.blend"), form, depth, join(own, "f_####"));
        const output = lab.path(`out-${form}/`);
        const run = lab.coordinate([join(folder, "png.blend"), "-o", output, "--frames", "1", ...flags]);
        expect((await run.end(120_000)).code, `${form}: ${run.story()}`).toBe(0);
        expect(await filesBelow(output.slice(0, -1)), form).toEqual([`0001${ending}`]);
        const ours = await pictureContent(join(output, `0001${ending}`));
        expect(ours, form).toEqual(await pictureContent(join(own, `f_0001${ending}`)));
      }
      // The PNG of a frame that is OpenEXR, of which videos are made, is what Blender itself shows.
      const seen = await renderStill(blender, lab.path(""), join(folder, "graded.blend"), lab.path("seen.png"));
      const ungraded = await renderStill(blender, lab.path(""), join(folder, "exr.blend"), lab.path("ungraded.png"));
      expect(seen).not.toEqual(ungraded);
      const output = lab.path("out-exr/");
      const run = lab.coordinate([join(folder, "graded.blend"), "-o", output, "--frames", "1"]);
      expect((await run.end(120_000)).code, run.story()).toBe(0);
      expect(await pictureContent(lab.path("out-exr.renderfarm/frames/0000001.png"))).toEqual(seen);
      const film = lab.path("film.mp4");
      const encoding = { overwrite: false, onEvent: () => {}, signal: new AbortController().signal };
      const made = await encodeFolder(lab.path("out-exr.renderfarm"), { ...encoding, output: film });
      expect(made).toMatchObject({ output: film, frames: 1 });
    },
  );

  test.each(cases)("by File Output nodes comes under its own names, as Blender %s writes it", async (_, blender) => {
    const { lab, folder, elsewhere } = await openScenes(blender);
    await using _lab = lab;
    for (const kind of ["passes", "stereo_passes"]) {
      const own = lab.path(`own-${kind}`);
      await mkdir(own);
      await copyFile(join(folder, `${kind}.blend`), join(own, "scene.blend"));
      await runBlender(blender, lab.path(""), [
        ...["-b", "-noaudio", join(own, "scene.blend"), "-o", join(own, "f_####"), ...range],
      ]);
      const isVideo = kind === "passes";
      const output = lab.path(isVideo ? `out-${kind}.mp4` : `out-${kind}/`);
      const run = lab.coordinate([join(folder, `${kind}.blend`), "-o", output, "--frames", "-1-2"]);
      expect((await run.end(120_000)).code, `${kind}: ${run.story()}`).toBe(0);
      const passes = lab.path(`out-${kind}.passes`);
      const named = (await filesBelow(own)).filter((file) => file.startsWith("passes/"));
      const far = (await filesBelow(elsewhere)).filter((file) => kind === "stereo_passes" || !/_[LR]\.exr$/.test(file));
      const wanted = new Map([
        ...named.map((file) => [file, join(own, file)] as const),
        ...far.map((file) => [file, join(elsewhere, file)] as const),
      ]);
      const found = await filesBelow(passes);
      const later = found.filter((file) => !/-0*1/.test(file));
      expect(later, kind).toEqual([...wanted.keys()].sort());
      expect(found.length, kind).toBe((later.length / 3) * 4);
      for (const [file, theirs] of wanted) {
        expect(await pictureContent(join(passes, file)), file).toEqual(await pictureContent(theirs));
      }
      expect(run.all("passes:written"), kind).toMatchObject([{ folder: passes, files: found.length }]);
      await rm(elsewhere, { recursive: true });
    }
  });

  test.each(cases)("stays in the folder for it, and is not overwritten, with Blender %s", async (_, blender) => {
    const { lab, folder } = await openScenes(blender);
    await using _lab = lab;
    const output = lab.path("out.mp4");
    const run = lab.coordinate([join(folder, "climbing.blend"), "-o", output, "--frames", "1-2"]);
    expect((await run.end(120_000)).code, run.story()).toBe(0);
    const found = await filesBelow(lab.path("out.passes"));
    expect(found.filter((name) => !/up000[12]\.png$/.test(name))).toEqual([
      ...["node 3/same0001.png", "node 3/same0002.png", "same0001.png", "same0002.png"],
    ]);
    expect(found).toHaveLength(6);
    expect((await readdir(lab.path(""))).filter((name) => /^(out|up)/.test(name)).sort()).toEqual([
      ...["out.mp4", "out.mp4.renderfarm", "out.passes"],
    ]);
  });
});
