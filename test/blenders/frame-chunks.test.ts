import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { checkFrameFile } from "../../src/frames/check/frame-check.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { runBlender, testedBlenders } from "./tested-blender.ts";

const recipe = fileURLToPath(new URL("chunks.py", import.meta.url));
const [oldest] = testedBlenders;
if (oldest === undefined)
  console.warn("Skipped: no Blenders were prepared, start these tests with `npm run test:blenders`");

describe.skipIf(oldest === undefined).each(testedBlenders.map((blender) => [blender.version, blender] as const))(
  "Blender %s",
  (_, blender) => {
    test("writes no frame that the check refuses", async () => {
      await using folder = await makeTemporaryFolder();
      const start = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "1"];
      await runBlender(blender, folder.path, [...start, "-P", recipe, "--", folder.path]);
      const names = (await readdir(folder.path)).filter((name) => name.endsWith(".png")).sort();
      expect(names.length).toBeGreaterThanOrEqual(12);
      const forms = ["BW", "RGB", "RGBA"].flatMap((mode) => [8, 16].map((depth) => [mode, depth] as const));
      for (const [index, name] of names.entries()) {
        const [colorMode, depth] = forms[index - 4] ?? ["RGB", 8];
        const expected = { width: 32, height: 24, frame: 1, depth, colorMode } as Parameters<typeof checkFrameFile>[1];
        expect(await checkFrameFile(join(folder.path, name), expected), name).toMatchObject({ ok: true });
      }
    });
  },
);
