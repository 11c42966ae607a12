import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { pixelsOf, renderAlone, saveScene } from "../support/blender.ts";
import { blenderLabProblem, FarmLab, requireBuild, skipBecause } from "../support/lab/lab.ts";
import { completion, storedFrames } from "../support/lab/lab-results.ts";
import { range } from "../support/nodes/scripted-farm.ts";
import { makePng } from "../support/png.ts";

const frames = range(1, 8);
const format = { width: 64, height: 64, depth: 8, colorMode: "RGB" } as const;
const flat = "0";
const tilted = "0.6";

type Edit = (blend: string, texture: string) => Promise<void>;

describe.skipIf(skipBecause(blenderLabProblem))("a real scene that is changed between two runs", () => {
  beforeAll(requireBuild);

  test.each<[what: string, edit: Edit, reason: RegExp]>([
    [
      "a texture is changed",
      (_, texture) => writeFile(texture, makePng(format, 77)),
      /a file that the scene uses has changed/,
    ],
    [
      "the blendfile is saved again with another pose",
      (blend, texture) => saveScene("textured.py", blend, [texture, tilted]),
      /old frames?/,
    ],
  ])(
    "%s: no earlier frame gets into the video, the reason is reported, and the old frames are set aside",
    async (_, edit, reason) => {
      await using lab = await FarmLab.open();
      const [blend, texture, output] = [lab.path("scene.blend"), lab.path("texture.png"), lab.path("film.mp4")];
      await writeFile(texture, makePng(format, 3));
      await saveScene("textured.py", blend, [texture, flat]);
      const job = [blend, "-o", output, "--local", "--slots", "1", "--keep-frames", "--yes"];
      const first = lab.coordinate(job);
      await first.event("frame:stored", 3);
      first.signal("SIGTERM");
      await first.end();
      const before = (await storedFrames(output)).length;
      expect(before).toBeGreaterThanOrEqual(3);

      await edit(blend, texture);
      const second = lab.coordinate(job);
      expect(await completion(second)).toMatchObject({ frames: 8, reused: 0 });

      expect(second.all("job:restarted")).toMatchObject([{ reason: expect.stringMatching(reason) }]);
      await renderAlone(blend, lab.path("alone"));
      const pixels = await pixelsOf(lab.path("alone"), frames);
      expect(await pixelsOf(`${output}.renderfarm/frames`, frames)).toEqual(pixels);
      const folders = (await readdir(`${output}.renderfarm`)).filter((name) => /^frames\.(?!ndjson)/.test(name));
      expect(folders.length).toBe(1);
      const aside = await readdir(join(`${output}.renderfarm`, folders[0] ?? ""));
      const old = aside.filter((name) => name.endsWith(".png")).map((name) => Number.parseInt(name, 10));
      expect(old.length).toBe(before);
      const oldPixels = await pixelsOf(join(`${output}.renderfarm`, folders[0] ?? ""), old);
      expect(oldPixels.filter((pixel) => pixels.includes(pixel))).toEqual([]); // the change is visible
      expect(await lab.leftovers()).toEqual({ processes: [], files: [] });
    },
  );
});
