import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { relativePathsIn } from "../../src/blendfile/relative-paths.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

test("relative paths are found, wherever the file is cut for reading", async () => {
  await using folder = await makeTemporaryFolder();
  const path = join(folder.path, "scene.blend");
  const others = `\0/abs/a.blend\0${"//long".padEnd(2_000, "x")}\0//open.blend`;
  for (const before of [0, 262_110, 262_130, 262_140]) {
    const text = `${"\0".repeat(before)}\0//lib/größe.blend\0x//tex/a.png\0//lib/größe.blend\0${others}`;
    await writeFile(path, `BLENDER-v304${text}`);
    expect([...(await relativePathsIn(path))], String(before)).toEqual(["//lib/größe.blend", "//tex/a.png"]);
  }
  await expect(relativePathsIn(join(folder.path, "none.blend"))).rejects.toThrow("ENOENT");
});
