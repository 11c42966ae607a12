import { beforeAll, describe, expect, test } from "vitest";
import { keyframedScene, type Reference } from "../support/blender.ts";
import { blenderLabProblem, FarmLab, requireBuild, skipBecause } from "../support/lab/lab.ts";
import { completion, expectSameFilm, storedFrames } from "../support/lab/lab-results.ts";

describe.skipIf(skipBecause(blenderLabProblem))("the embedded node of a job", () => {
  let scene: Reference;

  beforeAll(async () => {
    requireBuild();
    scene = await keyframedScene({ frames: 24, samples: 24 });
  });

  test("is killed during the job: it is restarted, and no stored frame is rendered again", async () => {
    await using lab = await FarmLab.open();
    const output = lab.path("film.mp4");
    const run = lab.coordinate([scene.blendfile, "-o", output, "--local", "--slots", "1", "--keep-frames", "--yes"]);
    await run.event("frame:stored", 4);
    const supervisor = (await lab.processes()).find(({ command }) =>
      /-P\S* \S*main\.py .*--exit-with-stdin/.test(command),
    );
    if (!supervisor) throw new Error(`Cannot find the node among ${JSON.stringify(await lab.processes())}`);
    process.kill(supervisor.pid, "SIGKILL");
    await run.event("node:lost");
    expect(await completion(run)).toMatchObject({ frames: 24, reused: 0 });
    expect(run.all("node:joined").length).toBe(2);
    const frames = (await storedFrames(output)).map(({ frame }) => frame);
    expect(frames.sort((a, b) => a - b)).toEqual(scene.frames);
    await expectSameFilm(output, scene);
    expect(await lab.leftovers()).toEqual({ processes: [], files: [] });
  });
});
