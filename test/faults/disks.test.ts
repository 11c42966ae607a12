import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { keyframedScene, type Reference } from "../support/blender.ts";
import { mountSmallDisk } from "../support/fault-disk.ts";
import { expectClean, renders } from "../support/fault-lab.ts";
import { FarmLab, farmLabProblem, requireBuild, skipBecause } from "../support/lab.ts";
import { completion, expectSameFilm, framesByNode, storedFrames } from "../support/lab-results.ts";

describe.skipIf(skipBecause(farmLabProblem))("disks that are full or closed, and too few file descriptors", () => {
  let scene: Reference;

  beforeAll(async () => {
    requireBuild();
    scene = await keyframedScene({ frames: 24, samples: 24 });
  });

  const job = (output: string) => [scene.blendfile, "-o", output, "--keep-frames", "--yes"];
  const under = "python3" as const;

  test("the coordinator's disk runs full: it stops with the space there, nothing half-written is whole, and goes on", async () => {
    await using lab = await FarmLab.open("desk", "north");
    await lab.startNode("north", { under });
    await using disk = await mountSmallDisk(lab.path("small"), 8);
    const output = join(disk.path, "film.mp4");
    const run = lab.coordinate(job(output));
    await run.event("frame:stored", 4);
    await disk.fill();
    const { code, last } = await run.end();
    expect({ code, last }, run.story()).toMatchObject({
      code: 2,
      last: { type: "job:failed", code: "FARM_STORE_FAILED", hint: expect.stringMatching(/needed, .*there/) },
    });
    const stored = run.all("frame:stored").length;
    await disk.empty();
    expect((await storedFrames(output)).length).toBe(stored);
    const left = await readdir(`${output}.renderfarm/frames`);
    expect(left.filter((name) => name.endsWith(".part"))).toEqual([]);
    expect((await readdir(disk.path)).filter((name) => name.startsWith("film"))).toEqual(["film.mp4.renderfarm"]);

    const again = lab.coordinate(job(output));
    expect(await again.event("job:resumed")).toMatchObject({ stored });
    await completion(again);
    await expectSameFilm(output, scene);
    await expectClean(lab, output);
  });

  test("the coordinator's disk has no room from the start: told at once, and nothing is left", async () => {
    await using lab = await FarmLab.open("desk");
    await using disk = await mountSmallDisk(lab.path("small"), 1);
    await disk.fill();
    const run = lab.coordinate(job(join(disk.path, "film.mp4")));
    const { code, last } = await run.end(20_000);
    expect({ code, last }, run.story()).toMatchObject({ code: 2, last: { type: "job:failed" } });
    expect(last?.code).toMatch(/FARM_STORE_FAILED|FARM_OUTPUT_UNWRITABLE/);
    expect(await readdir(disk.path)).toEqual(["filler"]);
  });

  test("the folder of the output is read-only: told before any node is asked", async () => {
    await using lab = await FarmLab.open("desk");
    await using disk = await mountSmallDisk(lab.path("small"), 1);
    await disk.protect();
    const run = lab.coordinate(job(join(disk.path, "film.mp4")));
    const { code, last } = await run.end(20_000);
    expect({ code, last }, run.story()).toMatchObject({ code: 2, last: { code: "FARM_OUTPUT_UNWRITABLE" } });
    expect(run.all("discovery:scanned")).toEqual([]);
    expect(await readdir(disk.path)).toEqual([]);
  });

  test("a node has no room for the blendfile: it is left out with the reason, and another renders", async () => {
    await using lab = await FarmLab.open("desk", "north", "south");
    await using _disk = await mountSmallDisk(lab.path("north/cache"), 4);
    await Promise.all([lab.startNode("north", { under }), lab.startNode("south", { under })]);
    const output = lab.path("film.mp4");
    const run = lab.coordinate([...job(output), "--frames", "1-6"]);
    expect(await run.event("node:refused")).toMatchObject({
      name: "north",
      code: "FARM_BLEND_REJECTED",
      message: expect.stringMatching(/bytes are needed and \d+ are free|disk/i),
    });
    expect(framesByNode(await completion(run))).toEqual({ south: 6 });
    await expectClean(lab, output);
  });

  test("a node's disk runs full in the middle: its frames are rendered elsewhere", async () => {
    await using lab = await FarmLab.open("desk", "north", "south");
    await using disk = await mountSmallDisk(lab.path("north/cache"), 300);
    await Promise.all([lab.startNode("north", { under }), lab.startNode("south", { under })]);
    const output = lab.path("film.mp4");
    const run = lab.coordinate(job(output));
    await run.event("frame:stored", 1, ({ name }) => name === "north");
    await renders(run, "north");
    await disk.fill();
    expect(await completion(run)).toMatchObject({ frames: 24 });
    await disk.empty();
    await expectSameFilm(output, scene);
    await expectClean(lab, output);
  });

  test.each([20])(
    "with %i file descriptors the coordinator ends well or with an error, and never hangs",
    async (count) => {
      await using lab = await FarmLab.open("desk", "north");
      const { port } = await lab.startNode("north", { under });
      const output = lab.path("film.mp4");
      const nodes = ["--nodes", `${lab.network.addressOf("north")}:${port}`];
      const limits = ["prlimit", `--nofile=${count}:${count}`];
      const run = lab.coordinate([...job(output), ...nodes, "--frames", "1-4", "--wait", "5s"], {}, limits);
      const { code, stderr } = await run.end(40_000);
      expect(stderr).not.toMatch(/This is a bug/);
      expect([0, 2, 3, 5, 1]).toContain(code);
      if (code !== 0) await completion(lab.coordinate([...job(output), ...nodes, "--frames", "1-4"]));
      expect((await storedFrames(output)).map(({ frame }) => frame).sort()).toEqual([1, 2, 3, 4]);
      await expectClean(lab, output);
    },
  );

  test.each([16])("a node with %i file descriptors renders, or leaves the frames to another", async (count) => {
    await using lab = await FarmLab.open("desk", "north", "south");
    const limits = ["prlimit", `--nofile=${count}:${count}`];
    const [north] = await Promise.allSettled([
      lab.startNode("north", { under, limits }),
      lab.startNode("south", { under }),
    ]);
    const output = lab.path("film.mp4");
    const run = lab.coordinate(job(output));
    await completion(run);
    await expectSameFilm(output, scene);
    if (north.status === "fulfilled") await expectClean(lab, output);
  });
});
