import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readSceneRange } from "../../src/blendfile/scene-range.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { runBlender, testedBlenders } from "./tested-blender.ts";

if (testedBlenders.length === 0)
  console.warn("Skipped: no Blenders were prepared, start these tests with `npm run test:blenders`");

/** Saves a file with two scenes, once with each of them active, compressed and not. */
const script = `
import os
import bpy
folder = os.path.dirname(os.path.abspath(__file__))
first = bpy.context.scene
first.name, first.frame_start, first.frame_end = "Erste", 7, 123
second = bpy.data.scenes.new("Zweite")
second.frame_start, second.frame_end = 5, 9
for scene in (first, second):
    bpy.context.window.scene = scene
    for compress in (False, True):
        bpy.ops.wm.save_as_mainfile(filepath=os.path.join(folder, f"{scene.name}-{compress}.blend"), compress=compress)
`;

describe.skipIf(testedBlenders.length === 0)("The range of the active scene is read", () => {
  test.each(testedBlenders.map((blender) => [blender.version, blender] as const))(
    "from files of %s, compressed or not",
    async (_, blender) => {
      await using folder = await makeTemporaryFolder();
      await writeFile(join(folder.path, "save.py"), script);
      const start = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "1", "-P"];
      await runBlender(blender, folder.path, [...start, join(folder.path, "save.py")]);
      const read = (name: string) => readSceneRange(join(folder.path, name));
      for (const compress of ["False", "True"]) {
        expect(await read(`Erste-${compress}.blend`)).toEqual({ scene: "Erste", frameStart: 7, frameEnd: 123 });
        expect(await read(`Zweite-${compress}.blend`)).toEqual({ scene: "Zweite", frameStart: 5, frameEnd: 9 });
      }
    },
  );
});
