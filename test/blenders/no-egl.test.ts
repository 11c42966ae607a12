import { mkdir } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { FarmLab, requireBuild } from "../support/lab/lab.ts";
import { completion } from "../support/lab/lab-results.ts";
import { type SceneOptions, sceneBy } from "./scene.ts";
import { type TestedBlender, testedBlenders, wordsOf } from "./tested-blender.ts";

const eevee: SceneOptions = { engine: "eevee", output: "png", frames: 24, samples: 4 };
const cycles: SceneOptions = { engine: "cycles", output: "png", frames: 24, samples: 16 };

/** Blenders in root folders that draw EEVEE with EGL. This machine's own libraries stay as they are. */
const blenders = testedBlenders.filter(({ root, display }) => root !== undefined && display === "none");
if (blenders.length === 0) console.warn("Skipped: no root folder with a Blender that draws with EGL was prepared");

/** Words that hide EGL from the program that follows and its children: the libraries are empty files for them. */
const withoutEgl = (root: string) => {
  const hide = 'for library in "$0"/usr/lib/*/libEGL*.so*; do mount --bind /dev/null "$library"; done; exec "$@"';
  return ["unshare", "--mount", "--propagation", "private", "sh", "-c", hide, root];
};

describe.skipIf(blenders.length === 0).each(blenders.map((blender) => [blender.version, blender] as const))(
  "Blender %s without EGL",
  (_, blender) => {
    test("an EEVEE scene fails with the cause and what to install, and the node still renders other scenes", async () => {
      requireBuild();
      await using lab = await FarmLab.open();
      const { port } = await startWithoutEgl(lab, blender);
      const job = async (options: SceneOptions, name: string) => {
        const words = ["--frames", "1-2", "--nodes", `127.0.0.1:${port}`, "--yes"];
        return lab.coordinate([await sceneBy(blender, options), "-o", lab.path(name), ...words]);
      };

      const run = await job(eevee, "eevee.mp4");
      const { code, last } = await run.end(300_000);
      expect({ code, last }, run.story()).toMatchObject({ code: 4, last: { code: "FARM_FRAMES_FAILED" } });
      const failed = run.all("frame:failed");
      expect(failed.map(({ frame }) => frame).sort()).toEqual([1, 2]);
      for (const { code, hint } of failed) {
        expect({ code, hint }).toEqual({ code: "NO_EGL", hint: expect.stringMatching(/Install libEGL .*libegl1/) });
      }
      // Each failure ended a Blender, and another one was started each time.
      expect(run.all("frame:started").length).toBeGreaterThanOrEqual(4);
      expect([...run.all("node:lost"), ...run.all("node:excluded")]).toEqual([]);

      const other = await job(cycles, "cycles.mp4");
      expect(await completion(other)).toMatchObject({ frames: 2 });
      expect((await lab.leftovers()).processes).toEqual([]);
    });
  },
);

/** A node in the Blender of a root folder without EGL. */
async function startWithoutEgl(lab: FarmLab, blender: TestedBlender) {
  const temporary = lab.path("tmp"); // the only folder that it sees
  await mkdir(temporary);
  const words = ["env", `TMPDIR=${temporary}`, ...withoutEgl(blender.root ?? ""), ...wordsOf(blender, lab.path(""))];
  return lab.startNode("blind", { limits: words });
}
