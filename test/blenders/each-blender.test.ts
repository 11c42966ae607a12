import { describe, expect, test } from "vitest";
import type { Reference } from "../support/blender.ts";
import { requireBuild } from "../support/lab/lab.ts";
import type { LabEvent } from "../support/lab/lab-coordinator.ts";
import { expectSameFilm } from "../support/lab/lab-results.ts";
import { referenceBy, type SceneOptions, sceneBy } from "./scene.ts";
import { type TestedBlender, testedBlenders } from "./tested-blender.ts";
import { VersionLab } from "./version-lab.ts";

const cycles: SceneOptions = { engine: "cycles", output: "png", frames: 24, samples: 16 };
/** With software rendering an EEVEE frame takes up to a minute. The first takes longest, since shaders are compiled. */
const eevee: SceneOptions = { engine: "eevee", output: "png", frames: 24, samples: 4 };
/** Debian's builds have no denoiser: some report it and exit, the newest renders without, the oldest has its own. */
const denoised: SceneOptions = { engine: "cycles", output: "png", frames: 3, samples: 16, isDenoised: true };
const video: SceneOptions = { engine: "cycles", output: "mp4", frames: 24, samples: 16 };

const [oldest] = testedBlenders;
if (oldest === undefined)
  console.warn("Skipped: no Blenders were prepared, start these tests with `npm run test:blenders`");

describe.skipIf(oldest === undefined).each(testedBlenders.map((blender) => [blender.version, blender] as const))(
  "Blender %s",
  (_, blender) => {
    test("renders all 24 frames of a Cycles scene as its own `blender -a` does", async () => {
      const scene = await sceneBy(blender, cycles);
      await expectFilmOf(blender, await referenceBy(blender, scene, 24));
    });

    test("renders an EEVEE scene as its own `blender -a` does", async () => {
      const scene = await sceneBy(blender, eevee);
      await expectFilmOf(blender, await referenceBy(blender, scene, 2));
    });

    test("delivers single frames of a scene whose output is a video", async () => {
      const frames = await referenceBy(blender, await sceneBy(blender, cycles), 24);
      const first = { frames: frames.frames.slice(0, 3), pixels: frames.pixels.slice(0, 3) };
      await expectFilmOf(blender, { ...first, blendfile: await sceneBy(blender, video) });
    });

    test("treats a scene with denoising as its own `blender -a` does", async () => {
      const scene = await sceneBy(blender, denoised);
      const alone = await referenceBy(blender, scene, 3).catch(() => undefined);
      if (alone) return await expectFilmOf(blender, alone);
      await using lab = await VersionLab.open();
      await lab.startNode(blender);
      const run = lab.coordinate([scene, "-o", lab.path("film.mp4")]);
      const { code, last } = await run.end(300_000);
      expect({ code, last }, run.story()).toMatchObject({
        ...{ code: 4, last: { message: expect.stringMatching(/failed \(NO_DENOISER\): 1-3$/) } },
      });
      expect(run.all("frame:stored")).toEqual([]);
      expect(await lab.leftovers()).toEqual({ processes: [], files: [] });
    });

    test("renders a blendfile that the oldest Blender saved", async () => {
      const scene = await sceneBy(oldest ?? blender, cycles);
      await expectFilmOf(blender, await referenceBy(blender, scene, 3));
    });
  },
);

/** Renders the reference's frames on a node with this Blender. Expects identical pixels, and that nothing is left. */
async function expectFilmOf(blender: TestedBlender, reference: Reference): Promise<void> {
  requireBuild();
  await using lab = await VersionLab.open();
  await lab.startNode(blender);
  const output = lab.path("film.mp4");
  const range = ["--frames", `1-${reference.frames.length}`];

  const run = lab.coordinate([reference.blendfile, "-o", output, ...range]);
  const { code, last, stderr } = await run.end(300_000);

  expect({ code, last: last?.type }, `${run.story()}\n${stderr}`).toEqual({ code: 0, last: "job:completed" });
  expect([...run.all("frame:requeued"), ...run.all("frame:failed")]).toEqual([]); // no second attempt hid a crash
  expect(run.all("node:joined").map(versionIn)).toEqual([blender.version]);
  await expectSameFilm(output, reference);
  expect(await lab.leftovers()).toEqual({ processes: [], files: [] });
}

/** "2.83.5", without the rest of the version's text. */
function versionIn(event: LabEvent): string | undefined {
  return /^[\d.]+/.exec(String(event.blender))?.[0];
}
