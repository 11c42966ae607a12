import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { libraryPathsIn } from "../../src/blendfile/library-paths.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

test("relative paths of blendfiles are found, wherever the file is cut for reading", async () => {
  await using folder = await makeTemporaryFolder();
  const path = join(folder.path, "scene.blend");
  const others = "\0/abs/a.blend\0x//no.blend\0//b.png\0//c.blend1\0//open.blend";
  for (const before of [0, 262_110, 262_130, 262_140]) {
    const text = `${"\0".repeat(before)}\0//lib/größe.blend\0//lib/größe.blend\0//../up.blend\0${others}`;
    await writeFile(path, `BLENDER-v304${text}`);
    expect([...(await libraryPathsIn(path))], String(before)).toEqual(["//lib/größe.blend", "//../up.blend"]);
  }
  await expect(libraryPathsIn(join(folder.path, "none.blend"))).rejects.toThrow("ENOENT");
});
