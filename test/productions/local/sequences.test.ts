import { copyFile, mkdir, rm } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { pixelsOf, productionScene, renderAlone, saveScene } from "../../support/blender.ts";
import { blenderLabProblem, FarmLab, requireBuild, skipBecause } from "../../support/lab/lab.ts";
import { completion } from "../../support/lab/lab-results.ts";

const frames = [1, 2, 3, 4, 5, 6];

describe.skipIf(skipBecause(blenderLabProblem))("a scene with sequences", () => {
  beforeAll(requireBuild);

  test("renders only those frames again that need a picture which has changed", async () => {
    await using lab = await FarmLab.open();
    await mkdir(lab.path("project"));
    await mkdir(lab.path("reference"));
    const blend = lab.path("project/shot.blend");
    await saveScene(productionScene("sequences"), blend, []);
    const output = lab.path("film.mp4");
    const render = () => lab.coordinate([blend, "-o", output, "--frames", "1-6", "--local", "--keep-frames", "--yes"]);
    expect(await completion(render())).toMatchObject({ frames: 6, reused: 0 });
    const before = await pixelsOf(`${output}.renderfarm/frames`, frames);

    await rm(output);
    await copyFile(lab.path("project/plain/s_0015.png"), lab.path("project/plain/s_0004.png"));
    const second = render();
    expect(await completion(second)).toMatchObject({ frames: 6, reused: 3 });
    expect(second.all("frames:outdated")).toMatchObject([
      { frames: 3, range: "3-5", reason: "plain/s_0004.png has changed" },
    ]);
    expect(second.all("job:restarted")).toEqual([]);
    const after = await pixelsOf(`${output}.renderfarm/frames`, frames);
    await renderAlone(blend, lab.path("reference"));
    expect(after).toEqual(await pixelsOf(lab.path("reference"), frames));
    expect(frames.filter((_, index) => after[index] !== before[index])).toEqual([4]);
  });
});
