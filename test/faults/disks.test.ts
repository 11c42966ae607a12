import { randomBytes } from "node:crypto";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { formatFarmKey } from "../../src/config/farm-key-text.ts";
import { fewDescriptorsProblem, leaveDescriptors } from "../frames/few-descriptors.ts";
import { keyframedScene, type Reference } from "../support/blender.ts";
import { mountSmallDisk } from "../support/lab/fault-disk.ts";
import { expectClean, hold, renders } from "../support/lab/fault-lab.ts";
import { FarmLab, farmLabProblem, requireBuild, skipBecause } from "../support/lab/lab.ts";
import { LabCoordinator, type LabEvent } from "../support/lab/lab-coordinator.ts";
import { completion, expectSameFilm, framesByNode, storedFrames } from "../support/lab/lab-results.ts";
import { range, ScriptedFarm } from "../support/nodes/scripted-farm.ts";
import { processesOf, remainingProcesses, testRunVariable } from "../support/processes.ts";

describe.skipIf(skipBecause(farmLabProblem))("disks that are full or read-only, and too few file descriptors", () => {
  let scene: Reference;

  beforeAll(async () => {
    requireBuild();
    scene = await keyframedScene({ frames: 24, samples: 24 });
  });

  const job = (output: string) => [scene.blendfile, "-o", output, "--keep-frames", "--yes"];
  const under = "python3" as const;

  test("the coordinator's disk runs full: the job fails, names the space, leaves no partial file, and can continue", async () => {
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
      last: { type: "job:failed", code: "FARM_STORE_FAILED", hint: expect.stringMatching(/about .* needed, .* free/) },
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

  test("the coordinator's disk is full from the start: the job fails at once, names the space, and leaves nothing", async () => {
    await using lab = await FarmLab.open("desk");
    await using disk = await mountSmallDisk(lab.path("small"), 1);
    await disk.fill();
    const run = lab.coordinate(job(join(disk.path, "film.mp4")));
    const { code, last } = await run.end(20_000);
    expect({ code, last }, run.story()).toMatchObject({
      code: 2,
      last: {
        ...{ type: "job:failed", code: "FARM_OUTPUT_UNWRITABLE", message: expect.stringContaining("ENOSPC") },
        hint: expect.stringMatching(/^Free space for .*film\.mp4\.renderfarm \(at least 1\.0 MB needed, 0 B free\)/),
      },
    });
    expect(await readdir(disk.path)).toEqual(["filler"]);
  });

  test("the coordinator's disk cannot hold the blendfile: the job fails at once, names the space, and leaves nothing", async () => {
    await using lab = await FarmLab.open("desk");
    await using disk = await mountSmallDisk(lab.path("small"), 1);
    const blend = lab.path("large.blend");
    await writeFile(blend, Buffer.concat([Buffer.from("BLENDER-v304REND"), Buffer.alloc(3_000_000)]));
    const run = lab.coordinate([blend, "-o", join(disk.path, "film.mp4"), "--yes"]);
    const { code, last } = await run.end(20_000);
    expect({ code, last }, run.story()).toMatchObject({
      code: 2,
      last: { code: "FARM_STORE_FAILED", hint: expect.stringMatching(/about 3\.0 MB needed, 1\.0 MB free/) },
    });
    expect(run.all("discovery:scanned")).toEqual([]);
    expect(await readdir(disk.path)).toEqual([]);
  });

  test("the folder of the output is read-only: the job fails before any node is contacted", async () => {
    await using lab = await FarmLab.open("desk");
    await using disk = await mountSmallDisk(lab.path("small"), 1);
    await disk.protect();
    const run = lab.coordinate(job(join(disk.path, "film.mp4")));
    const { code, last } = await run.end(20_000);
    expect({ code, last }, run.story()).toMatchObject({ code: 2, last: { code: "FARM_OUTPUT_UNWRITABLE" } });
    expect(run.all("discovery:scanned")).toEqual([]);
    expect(await readdir(disk.path)).toEqual([]);
  });

  test("a node has no space for the blendfile: it is excluded with the reason, and another renders", async () => {
    await using lab = await FarmLab.open("desk", "north", "south");
    await using _disk = await mountSmallDisk(lab.path("north/cache"), 4);
    await Promise.all([lab.startNode("north", { under }), lab.startNode("south", { under })]);
    const output = lab.path("film.mp4");
    const run = lab.coordinate([...job(output), "--frames", "1-6"]);
    expect(await run.event("node:excluded")).toMatchObject({
      name: "north",
      code: "FARM_BLEND_REJECTED",
      message: expect.stringMatching(/bytes are needed and \d+ are free|disk/i),
    });
    expect(framesByNode(await completion(run))).toEqual({ south: 6 });
    await expectClean(lab, output);
  });

  test("a node's disk runs full during the job: its frames are rendered elsewhere", async () => {
    await using lab = await FarmLab.open("desk", "north", "south");
    await using disk = await mountSmallDisk(lab.path("north/cache"), 300);
    await Promise.all([lab.startNode("north", { under }), lab.startNode("south", { under })]);
    const output = lab.path("film.mp4");
    const run = lab.coordinate(job(output));
    await run.event("frame:stored", 1, ({ name }) => name === "north");
    await renders(run, "north");
    await disk.fill();
    const full = await run.event("frame:requeued", 1, ({ name }) => name === "north");
    // During a frame, or between two.
    expect(`${full.code}: ${full.reason}`).toMatch(/^DISK_FULL: |^null: The node's disk is full: /);
    expect(await completion(run)).toMatchObject({ frames: 24 });
    const [stored] = run.all("frame:stored").filter(({ frame }) => frame === full.frame);
    expect(stored?.name).toBe("south");
    await disk.empty();
    await expectSameFilm(output, scene);
    await expectClean(lab, output);
  });

  test("a node that can open too few files is excluded with the reason, and another renders", async () => {
    await using lab = await FarmLab.open("desk", "north", "south");
    // Enough to be found and to receive the blendfile, but too few to start a Blender.
    const limits = ["prlimit", "--nofile=16:16"];
    const [, south] = await Promise.all([lab.startNode("north", { under, limits }), lab.startNode("south", { under })]);
    const output = lab.path("film.mp4");
    const run = lab.coordinate(job(output));
    await renders(run, "south");
    const held = await hold(lab, south); // north tries a few times before it is excluded
    const refused = await run.event("node:excluded");
    held.letGo();
    expect(refused).toMatchObject({ name: "north", message: expect.stringContaining("Too many open files") });
    expect(framesByNode(await completion(run))).toEqual({ south: 24 });
    await expectSameFilm(output, scene);
    await expectClean(lab, output);
  });

  test.each([0, 2])("a node that can open %i more files continues, or reports why it cannot", async (free) => {
    await using lab = await FarmLab.open("desk", "north", "south");
    const [north] = await Promise.all([lab.startNode("north", { under }), lab.startNode("south", { under })]);
    const output = lab.path("film.mp4");
    const run = lab.coordinate(job(output));
    const isNorth = ({ name }: LabEvent) => name === "north";
    await run.event("frame:stored", 1, isNorth);
    await renders(run, "north");
    const before = run.all("frame:stored").filter(isNorth).length;
    leaveDescriptors(north.child.pid ?? 0, free);
    await completion(run);
    const requeued = run.all("frame:requeued").filter(isNorth);
    const goesOn = run.all("frame:stored").filter(isNorth).length > before + 2; // one runs in the slot, one waits in it
    expect(goesOn || requeued.length > 0, run.story()).toBe(true);
    // After a failed frame its Blender is ended, and the frame that waited there is requeued.
    const cause = /Too many open files/;
    if (requeued.length > 0)
      expect(requeued).toContainEqual(expect.objectContaining({ reason: expect.stringMatching(cause) }));
    for (const { reason } of requeued) expect(reason).toMatch(/Too many open files|its node was barred|its slot ended/);
    await expectSameFilm(output, scene);
    await expectClean(lab, output);
  });
});

describe.skipIf(skipBecause(fewDescriptorsProblem))("the coordinator runs out of file descriptors during a job", () => {
  beforeAll(requireBuild);

  test("it completes, or says what to do and keeps all stored frames; it never crashes or hangs", async () => {
    const moments = [
      [0, 2],
      [1, 2],
      [2, 2],
      [3, 5],
      [6, 5],
    ] as const;
    const ends: (number | null)[] = [];
    for (const [free, frame] of moments) {
      const what = `${free} left from frame ${frame} on`;
      await using farm = await ScriptedFarm.open();
      const { node, server } = await farm.start();
      const mark = randomBytes(8).toString("hex");
      const { host, port } = server.address;
      const args = [farm.blend, "-o", farm.output, "--frames", "1-8", "--nodes", `${host}:${port}`];
      const coordinate = () =>
        LabCoordinator.start([...args, "--keep-frames", "--yes"], [], environmentOf(farm, mark), farm.path("."));
      node.options.beforeFrame = async (begun) => {
        if (begun !== frame) return;
        const coordinator = (await processesOf(mark)).find(({ command }) => command.includes("main.js"));
        leaveDescriptors(coordinator?.pid ?? 0, free);
      };
      const run = coordinate();
      const { code, last, stderr } = await run.end();
      ends.push(code);
      expect([0, 2, 5], `${what}\n${run.story()}\n${stderr}`).toContain(code);
      expect(stderr).not.toMatch(/This is a bug|Unhandled/);
      if (code !== 0) expect(last).toMatchObject({ type: "job:failed", hint: expect.stringContaining("ulimit -n") });
      expect(await remainingProcesses(mark)).toEqual([]);
      const stored = await farm.recordedFrames();

      delete node.options.beforeFrame;
      if (code !== 0) expect(await completion(coordinate())).toMatchObject({ frames: 8, reused: stored.length });
      await farm.expectFilm(range(1, 8));
    }
    expect(ends.some((code) => code !== 0)).toBe(true); // otherwise the limits had no effect
  });
});

function environmentOf(farm: ScriptedFarm, mark: string): Record<string, string> {
  return {
    ...{ PATH: process.env.PATH ?? "", HOME: farm.path("."), RENDERFARM_KEY: formatFarmKey(farm.key) },
    ...{ RENDERFARM_CONFIG_DIR: farm.path("config"), RENDERFARM_CACHE_DIR: farm.path("cache") },
    [testRunVariable]: mark,
  };
}
