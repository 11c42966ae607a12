import { beforeAll, describe, expect, test } from "vitest";
import { keyframedScene, type Reference } from "../support/blender.ts";
import { mountSmallDisk } from "../support/lab/fault-disk.ts";
import { expectClean, renders } from "../support/lab/fault-lab.ts";
import { FarmLab, farmLabProblem, requireBuild, skipBecause } from "../support/lab/lab.ts";
import type { LabCoordinator } from "../support/lab/lab-coordinator.ts";
import { completion, expectSameFilm, framesByNode, storedFrames } from "../support/lab/lab-results.ts";

const spaces = /about [\d.]+ [MG]B needed, [\d.]+ MB free, in \/.+/;

describe.skipIf(skipBecause(farmLabProblem))("a node whose disk is full", () => {
  let scene: Reference;

  beforeAll(async () => {
    requireBuild();
    scene = await keyframedScene({ frames: 24, samples: 24 });
  });

  /** A job with one node whose disk has become full. */
  async function fullInTheMiddle(lab: FarmLab) {
    const disk = await mountSmallDisk(lab.path("north/cache"), 300);
    await lab.startNode("north", { under: "python3" });
    const output = lab.path("film.mp4");
    const job = [scene.blendfile, "-o", output, "--keep-frames", "--yes"];
    const run = lab.coordinate(job);
    await run.event("frame:stored", 2);
    await renders(run, "north");
    await disk.fill();
    return { disk, output, job, run };
  }

  /** Only the one frame that ran, or was fetched, while the disk was filled may have been started twice. */
  const expectNoFrameBurnt = (run: LabCoordinator) => {
    expect(run.all("frame:failed")).toEqual([]);
    const starts = run.all("frame:started");
    expect(starts.length - new Set(starts.map(({ frame }) => frame)).size, run.story()).toBeLessThanOrEqual(1);
  };

  test("and stays full: the job fails in bounded time, names the needed and the free space, and the next run continues", async () => {
    await using lab = await FarmLab.open("desk", "north");
    const { disk, output, job, run } = await fullInTheMiddle(lab);
    await using _disk = disk;
    const { code, last } = await run.end(90_000);
    expect({ code, last }, run.story()).toMatchObject({
      last: {
        type: "job:failed",
        message: expect.stringMatching(spaces),
        hint: expect.stringMatching(/Free space/),
      },
    });
    expect(code).not.toBe(0);
    expectNoFrameBurnt(run);
    const before = (await storedFrames(output)).length;
    await disk.empty();

    const again = lab.coordinate(job);
    expect(await completion(again)).toMatchObject({ frames: 24, reused: before });
    await expectSameFilm(output, scene);
    await expectClean(lab, output);
  });

  test("and soon has space again: the job waits, and the node renders the rest", async () => {
    await using lab = await FarmLab.open("desk", "north");
    const { disk, output, run } = await fullInTheMiddle(lab);
    await using _disk = disk;
    await run.event("job:progressed", 1, ({ running }) => running === 0);
    await disk.empty();
    expect(framesByNode(await completion(run))).toEqual({ north: 24 });
    expectNoFrameBurnt(run);
    await expectSameFilm(output, scene);
    await expectClean(lab, output);
  });
});
