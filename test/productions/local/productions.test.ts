import { copyFile, mkdir, rename, rm } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { pixelsOf, productionScene, renderAlone, saveScene } from "../../support/blender.ts";
import { blenderLabProblem, FarmLab, requireBuild, skipBecause } from "../../support/lab/lab.ts";
import { completion } from "../../support/lab/lab-results.ts";
import { findFont, makeClip } from "../../support/media.ts";

const frames = [1, 2, 3, 4];
const frameText = ["--frames", "1-4", "--local", "--keep-frames", "--yes"];

/** A production at one place, the pixels that Blender itself gives there, and then the production at another place. */
async function makeProduction(lab: FarmLab): Promise<{ readonly blend: string; readonly pixels: readonly string[] }> {
  const clip = await makeClip(lab.path("clip.mp4"));
  await mkdir(lab.path("artist/shots"), { recursive: true });
  await saveScene(productionScene("production"), lab.path("artist/shots/shot.blend"), [clip, await findFont()]);
  await mkdir(lab.path("reference"));
  await renderAlone(lab.path("artist/shots/reference.blend"), lab.path("reference"));
  await rename(lab.path("artist"), lab.path("project"));
  return { blend: lab.path("project/shots/shot.blend"), pixels: await pixelsOf(lab.path("reference"), frames) };
}

describe.skipIf(skipBecause(blenderLabProblem))("a production whose files are beside its blendfile", () => {
  beforeAll(requireBuild);

  test("renders as on the artist's machine, also where no path in it exists, once its folder is named", async () => {
    await using lab = await FarmLab.open();
    const { blend, pixels } = await makeProduction(lab);
    const output = lab.path("film.mp4");
    const render = () => lab.coordinate([blend, "-o", output, ...frameText, "--asset-root", lab.path("project")]);

    const { last } = await lab.coordinate([blend, "-o", output, ...frameText]).end();
    expect(last).toMatchObject({ type: "job:failed", code: "FARM_FILES_MISSING" });
    expect(String(last?.message)).toMatch(/\/\/\.\.\/tex\/up\.png \(it is outside the project .*shots\)/);
    expect(String(last?.hint)).toContain(`Add --asset-root '${lab.path("project")}'`);

    const found = expect.stringMatching(/^C:.*windows\.png is not on this machine: tex\/windows\.png was used/);
    expect(await completion(render())).toMatchObject({ frames: 4, warnings: expect.arrayContaining([found]) });
    expect(await pixelsOf(`${output}.renderfarm/frames`, frames)).toEqual(pixels);

    // With another texture they are rendered again.
    await rm(output);
    await copyFile(lab.path("project/shots/beside.png"), lab.path("project/tex/up.png"));
    expect(await completion(render())).toMatchObject({ frames: 4, reused: 0 });
    expect(await pixelsOf(`${output}.renderfarm/frames`, frames)).not.toEqual(pixels);
  });

  test("with baked simulations, caches, volumes and lamp profiles renders as on the artist's machine", async () => {
    await using lab = await FarmLab.open();
    await mkdir(lab.path("artist/shots"), { recursive: true });
    await saveScene(productionScene("caches"), lab.path("artist/shots/shot.blend"), [
      await makeClip(lab.path("clip.mp4")),
    ]);
    await mkdir(lab.path("reference"));
    await renderAlone(lab.path("artist/shots/shot.blend"), lab.path("reference"));
    await rename(lab.path("artist"), lab.path("project"));
    const output = lab.path("film.mp4");
    const words = ["-o", output, ...frameText, "--asset-root", lab.path("project")];
    expect(await completion(lab.coordinate([lab.path("project/shots/shot.blend"), ...words]))).toMatchObject({
      ...{ frames: 4, warnings: [] },
    });
    const pixels = await pixelsOf(lab.path("reference"), frames);
    expect(await pixelsOf(`${output}.renderfarm/frames`, frames)).toEqual(pixels);
  });
});
