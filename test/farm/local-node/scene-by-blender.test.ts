import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { askBlenderForRange } from "../../../src/farm/local-node/scene-by-blender.ts";
import { blenderPath } from "../../support/blender.ts";
import { skipBecause } from "../../support/skip.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

const problem = blenderPath === undefined ? "there is no Blender on PATH" : undefined;
const { signal } = new AbortController();

describe.skipIf(skipBecause(problem))("Blender is asked for the frames of", () => {
  test("the active scene and others, and runs no script in the file", async () => {
    await using folder = await makeTemporaryFolder();
    const [blend, trap] = [join(folder.path, "it's a film.blend"), join(folder.path, "trap")];
    const make = `
import bpy
first = bpy.context.scene
first.frame_start, first.frame_end = 3, 30
other = bpy.data.scenes.new('A "cut"')
other.frame_start, other.frame_end = 100, 140
text = bpy.data.texts.new("trap.py")
text.write("open(%r, 'w')" % ${JSON.stringify(trap)})
text.use_module = True
bpy.ops.wm.save_as_mainfile(filepath=${JSON.stringify(blend)})
`;
    await execa(blenderPath ?? "", ["-b", "--factory-startup", "--python-exit-code", "1", "--python-expr", make]);
    const ask = (scene?: string) => askBlenderForRange(blend, { scene, blender: blenderPath, signal });
    expect(await ask()).toEqual({ scene: "Scene", frameStart: 3, frameEnd: 30 });
    expect(await ask('A "cut"')).toEqual({ scene: 'A "cut"', frameStart: 100, frameEnd: 140 });
    expect(await ask("Nothing")).toBeNull();
    await expect(execa("ls", [trap])).rejects.toThrow();
  });
});

test.skipIf(process.platform === "win32")(
  "a Blender that says something else, or is not there, knows nothing",
  async () => {
    await using folder = await makeTemporaryFolder();
    const blender = join(folder.path, "blender");
    for (const said of [
      "",
      "renderfarm-range",
      "renderfarm-range [1, 2, 3]",
      'renderfarm-range ["S", 9, 3]',
      "renderfarm-range {",
    ]) {
      const lines = ['[ "$1" = --version ] && { echo Blender 3.4.1; exit; }', `echo '${said}'`];
      await writeFile(blender, ["#!/bin/sh", ...lines, ""].join("\n"));
      await chmod(blender, 0o755);
      expect(await askBlenderForRange("a.blend", { scene: undefined, blender, signal }), said).toBeNull();
    }
    const nowhere = { scene: undefined, blender: "/no/such/blender", signal };
    expect(await askBlenderForRange("a.blend", nowhere)).toBeNull();
  },
);
