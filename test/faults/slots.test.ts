import { writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { keyframedScene, type Reference } from "../support/blender.ts";
import { fakedClockProblem, hurried } from "../support/faked-clock.ts";
import { blenderBehind, expectClean, freeze, halfOf, renders, slotsOf } from "../support/lab/fault-lab.ts";
import { FarmLab, farmLabProblem, requireBuild, skipBecause } from "../support/lab/lab.ts";
import { completion, expectSameFilm, framesByNode } from "../support/lab/lab-results.ts";
import { makeMemoryCage } from "../support/memory-cage.ts";

const noControlGroups = "this system gives tests no control groups";

describe.skipIf(skipBecause(farmLabProblem))("real Blenders that fail before or during a job", () => {
  let scene: Reference;

  beforeAll(async () => {
    requireBuild();
    scene = await keyframedScene({ frames: 24, samples: 24 });
  });

  const job = (output: string) => [scene.blendfile, "-o", output, "--keep-frames", "--yes"];
  const under = "python3" as const; // starts sooner; it renders with the same Blender

  test("a slot is frozen: another node renders its frame, and the slot is ended", async () => {
    await using lab = await FarmLab.open("desk", "north", "south");
    const [, south] = await Promise.all([lab.startNode("north", { under }), lab.startNode("south", { under })]);
    const output = lab.path("film.mp4");
    const run = lab.coordinate(job(output));
    await run.event("frame:stored", 4);
    const slots = await slotsOf(lab, south);
    await renders(run, "south");
    for (const pid of slots) await freeze(pid);
    await completion(run);
    expect(run.all("node:lost")).toEqual([]);
    const isBySouth = (type: string, frame: unknown) =>
      run.all(type).some((event) => event.name === "south" && event.frame === frame);
    const [frozen] = run.all("frame:started").filter(({ frame }) => !isBySouth("frame:rendered", frame));
    expect(run.all("frame:stored").find(({ frame }) => frame === frozen?.frame)).toMatchObject({ name: "north" });
    await expectSameFilm(output, scene);
    await expectClean(lab, output);
  });

  test("the only slot is frozen: after ten minutes without progress it is ended, and its frame is rendered again", async (context) => {
    if (skipBecause(fakedClockProblem)) return context.skip(fakedClockProblem);
    await using lab = await FarmLab.open("desk", "north");
    const clock = hurried(20); // ten minutes pass in thirty seconds, and half a second of silence loses a link
    const blender = await blenderBehind(lab, "true-time", "unset LD_PRELOAD"); // Blender would not start with it
    const north = await lab.startNode("north", { under, limits: clock, more: ["--blender", blender] });
    const address = `${lab.network.addressOf("north")}:${north.port}`;
    const output = lab.path("film.mp4");
    const run = lab.coordinate([...job(output), "--nodes", address], {}, clock);
    await run.event("frame:stored", 4);
    const slots = await slotsOf(lab, north);
    await renders(run, "north");
    for (const pid of slots) await freeze(pid);
    const frozenAt = Date.parse(String(run.events.at(-1)?.at));
    const timedOut = await run.event("frame:requeued", 1, ({ code }) => code === "TIMED_OUT");
    const minutes = (Date.parse(String(timedOut.at)) - frozenAt) / 60_000;
    expect(minutes).toBeGreaterThan(9.5);
    expect(minutes).toBeLessThan(12);
    await run.event("frame:stored", 5);
    expect(await slotsOf(lab, north)).not.toEqual(expect.arrayContaining(slots));
    expect(framesByNode(await completion(run))).toEqual({ north: 24 });
    expect(run.all("frame:started").length).toBe(25); // only the frozen frame twice
    await expectSameFilm(output, scene);
    await expectClean(lab, output);
  });

  test("a slot is killed: the node stays, and its slot renders again", async () => {
    await using lab = await FarmLab.open("desk", "north");
    const north = await lab.startNode("north", { under });
    const output = lab.path("film.mp4");
    const run = lab.coordinate(job(output));
    await run.event("frame:stored", 4);
    await renders(run, "north");
    for (const pid of await slotsOf(lab, north)) process.kill(pid, "SIGKILL");
    const { code, reason } = await run.event("frame:requeued");
    expect(`${code}: ${reason}`).toMatch(/KILLED|OUT_OF_MEMORY|slot ended/);
    expect(framesByNode(await completion(run))).toEqual({ north: 24 });
    expect(run.all("node:lost")).toEqual([]);
    await expectSameFilm(output, scene);
    await expectClean(lab, output);
  });

  test("the kernel kills a slot for lack of memory: that cause is reported, and its slot renders again", async (context) => {
    const cage = await makeMemoryCage(64 * 1024);
    if (!cage) {
      skipBecause(noControlGroups);
      return context.skip(noControlGroups);
    }
    await using lab = await FarmLab.open("desk", "north");
    const north = await lab.startNode("north", { under });
    const output = lab.path("film.mp4");
    const run = lab.coordinate(job(output));
    await run.event("frame:stored", 4);
    await renders(run, "north");
    for (const pid of await slotsOf(lab, north)) await cage.take(pid);
    const { code, reason } = await run.event("frame:requeued");
    expect(`${code}: ${reason}`).toMatch(/OUT_OF_MEMORY|memory ran out/);
    expect(framesByNode(await completion(run))).toEqual({ north: 24 });
    expect(run.all("node:lost")).toEqual([]);
    await expectSameFilm(output, scene);
    await expectClean(lab, output);
  });

  test("a blendfile that no Blender can open: the job fails with the cause, in bounded time", async () => {
    await using lab = await FarmLab.open("desk", "north");
    await lab.startNode("north", { under });
    const output = lab.path("film.mp4");
    await writeFile(lab.path("half.blend"), await halfOf(scene.blendfile));
    const run = lab.coordinate([lab.path("half.blend"), "-o", output, "--yes"]);
    const { code, last } = await run.end(40_000);
    expect({ code, last }, run.story()).toMatchObject({
      code: 2,
      last: { type: "job:failed", code: "FARM_NOT_A_BLEND" },
    });
    expect(await lab.leftovers()).toEqual({ processes: [], files: [] });
  });

  test.each([
    [
      "crashes when it opens it",
      "FARM_LOAD_FAILED",
      `set -- --python-expr 'import bpy, os; bpy.app.handlers.load_pre.append(lambda *_: os.kill(os.getpid(), 11))' "$@"`,
    ],
    [
      "finds it damaged",
      "FARM_LOAD_FAILED", // after it was sent again several times
      `case "$*" in *slot_main*) find north/cache -type f -size +100k -exec truncate -s 50000 {} + ;; esac`,
    ],
  ])(
    "the first node's Blender %s: that node is excluded with the reason, and another renders",
    async (_, code, script) => {
      await using lab = await FarmLab.open("desk", "north", "south");
      // The other node opens the file only after the first has failed.
      const gate = `case "$*" in *slot_main*) until [ -e open ]; do sleep 0.1; done ;; esac`;
      const blenders = [
        await blenderBehind(lab, "bad", `cd ${lab.path(".")}; ${script}`),
        await blenderBehind(lab, "late", `cd ${lab.path(".")}; ${gate}`),
      ];
      const [bad = "", late = ""] = blenders;
      await Promise.all([
        lab.startNode("north", { under, more: ["--blender", bad] }),
        lab.startNode("south", { under, more: ["--blender", late] }),
      ]);
      const output = lab.path("film.mp4");
      const run = lab.coordinate([...job(output)]);
      expect(await run.event("node:excluded")).toMatchObject({ name: "north", code, hint: expect.any(String) });
      expect(run.all("node:joined")).toEqual([]);
      await writeFile(lab.path("open"), "");
      expect(framesByNode(await completion(run))).toEqual({ south: 24 });
      expect(run.all("node:excluded").length).toBe(1);
      await expectSameFilm(output, scene);
      await expectClean(lab, output);
    },
  );
});
