import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { keyframedScene, type Reference } from "../support/blender.ts";
import { expectClean, expectElsewhere, expectLost, freeze, hold, renders, slotsOf } from "../support/lab/fault-lab.ts";
import { FarmLab, farmLabProblem, requireBuild, skipBecause } from "../support/lab/lab.ts";
import type { LabEvent } from "../support/lab/lab-coordinator.ts";
import { completion, expectSameFilm, storedFrames } from "../support/lab/lab-results.ts";

/** When a process dies the system closes its connections, and the other end notices at once. */
const deathMs = 2_000;
/** The heartbeat's timeout is 10 s, checked every 2 s; the rest is for a busy machine. */
const silenceMs = 15_000;

describe.skipIf(skipBecause(farmLabProblem))("real nodes that fail during a job", () => {
  let scene: Reference;

  beforeAll(async () => {
    requireBuild();
    scene = await keyframedScene({ frames: 24, samples: 24 });
  });

  const job = (output: string) => [scene.blendfile, "-o", output, "--keep-frames", "--yes"];
  const under = "python3" as const; // starts sooner; it renders with the same Blender

  test("the only node is killed and restarted with an empty cache: the job waits, says so, and continues", async () => {
    await using lab = await FarmLab.open("desk", "north");
    const first = await lab.startNode("north", { under });
    const output = lab.path("film.mp4");
    const run = lab.coordinate(job(output));
    await run.event("frame:stored", 4);
    await renders(run, "north");
    first.child.kill("SIGKILL");
    await expectLost(run, "north", deathMs);
    expect(await run.event("job:waiting")).toMatchObject({ missing: expect.any(Number) });
    await first.ended;
    await rm(lab.path("north/cache"), { recursive: true });
    await lab.startNode("north", { under });

    expect(await completion(run)).toMatchObject({ frames: 24 });
    const sent = run.all("node:uploading").filter(({ filesLeft }) => filesLeft === 0);
    expect(sent.length).toBe(2);
    await expectSameFilm(output, scene);
    await expectClean(lab, output);
  });

  test("a machine is switched off: another one renders its frames", async () => {
    await using lab = await FarmLab.open("desk", "north", "south");
    const [north, south] = await Promise.all([lab.startNode("north", { under }), lab.startNode("south", { under })]);
    const output = lab.path("film.mp4");
    const run = lab.coordinate(job(output));
    await run.event("frame:stored", 4);
    await renders(run, "south");
    const held = await hold(lab, north);
    const slots = await slotsOf(lab, south);
    await lab.network.switchOff("south");
    for (const pid of slots) process.kill(pid, "SIGKILL");
    south.child.kill("SIGKILL");
    await expectLost(run, "south", silenceMs);
    held.letGo();

    expect(await completion(run)).toMatchObject({ frames: 24 });
    expectElsewhere(run, "south");
    await expectSameFilm(output, scene);
    await expectClean(lab, output, ["south"]);
  });

  test("a cable is pulled for five seconds: the node is not lost, and no frame is requeued", async () => {
    await using lab = await FarmLab.open("desk", "north");
    await lab.startNode("north", { under });
    const output = lab.path("film.mp4");
    const run = lab.coordinate(job(output));
    await run.event("frame:stored", 4);
    await lab.network.cut("north");
    await delay(5_000);
    await lab.network.reconnect("north");
    await completion(run);
    expect(run.all("node:lost")).toEqual([]);
    expect(run.all("frame:requeued")).toEqual([]);
    await expectSameFilm(output, scene);
    await expectClean(lab, output);
  });

  test("a cable is pulled for longer than the heartbeat allows: the frame that finished meanwhile is used", async () => {
    await using lab = await FarmLab.open("desk", "north");
    await lab.startNode("north", { under });
    const output = lab.path("film.mp4");
    const run = lab.coordinate(job(output));
    await run.event("frame:stored", 4);
    const { frame } = await renders(run, "north");
    await lab.network.cut("north");
    await run.event("job:waiting");
    await lab.network.reconnect("north");
    await completion(run);
    // Started once, and stored from that one attempt.
    expect(run.all("frame:started").filter((event) => event.frame === frame).length).toBeLessThanOrEqual(1);
    await expectSameFilm(output, scene);
    await expectClean(lab, output);
  });

  test("a cable stays pulled: the others finish, and the end of the job does not wait for the node", async () => {
    await using lab = await FarmLab.open("desk", "north", "south");
    const [north] = await Promise.all([lab.startNode("north", { under }), lab.startNode("south", { under })]);
    const output = lab.path("film.mp4");
    const run = lab.coordinate(job(output));
    await run.event("frame:stored", 4);
    await renders(run, "south");
    const held = await hold(lab, north);
    await lab.network.cut("south");
    await expectLost(run, "south", silenceMs);
    held.letGo();
    expect(await completion(run)).toMatchObject({ frames: 24 });
    expectElsewhere(run, "south");
    await expectSameFilm(output, scene);
    await expectClean(lab, output); // the node still has the job, and ends with its standard input
  });

  test("a node is frozen: its frames go elsewhere, and after SIGCONT it renders again", async () => {
    await using lab = await FarmLab.open("desk", "north", "south");
    const [north, south] = await Promise.all([lab.startNode("north", { under }), lab.startNode("south", { under })]);
    const output = lab.path("film.mp4");
    const run = lab.coordinate(job(output));
    await run.event("frame:stored", 2);
    await renders(run, "south");
    const first = await hold(lab, north); // so that frames are left when the other node is back
    await freeze(south.child.pid ?? 0);
    await expectLost(run, "south", silenceMs);
    first.letGo();
    const requeued = run.all("frame:requeued").find(({ name }) => name === "south");
    await run.event("frame:stored", 1, ({ name, frame }) => name === "north" && frame === requeued?.frame);
    const second = await hold(lab, north);
    const continuedAtMs = performance.now();
    south.child.kill("SIGCONT");
    const isNew = ({ name, heardAtMs }: LabEvent) => name === "south" && heardAtMs > continuedAtMs;
    await run.event("node:joined", 1, isNew);
    const { frame } = await run.event("frame:started", 1, isNew);
    await run.event("frame:stored", 1, (event) => isNew(event) && event.frame === frame);
    second.letGo();
    await completion(run);
    await expectSameFilm(output, scene);
    await expectClean(lab, output);
  });

  test("a node's address changes: it is recognized, and the job continues with it", async () => {
    await using lab = await FarmLab.open("desk", "north");
    await lab.startNode("north", { under });
    const output = lab.path("film.mp4");
    const run = lab.coordinate(job(output));
    await run.event("frame:stored", 4);
    await renders(run, "north");
    await lab.network.readdress("north", 99);
    await run.event("node:joined", 2); // after the heartbeat's timeout, its next announcement and the next query
    await completion(run);
    const joined = run.all("node:joined");
    expect(new Set(joined.map(({ node }) => node)).size).toBe(1);
    expect(joined.length).toBe(2);
    await expectSameFilm(output, scene);
    await expectClean(lab, output);
  });

  test("--wait limits how long the job has no node, and the next run continues", async () => {
    await using lab = await FarmLab.open("desk", "north");
    const north = await lab.startNode("north", { under });
    const output = lab.path("film.mp4");
    const run = lab.coordinate([...job(output), "--wait", "8s"]);
    await run.event("frame:stored", 4);
    north.child.kill("SIGKILL");
    const { code, last } = await run.end();
    expect({ code, last }, run.story()).toMatchObject({ code: 3, last: { type: "job:failed", code: "FARM_NO_NODE" } });
    const before = await storedFrames(output);
    await lab.startNode("north", { under });
    const again = lab.coordinate(job(output));
    await completion(again);
    expect(again.all("frame:stored").length).toBe(24 - before.length);
    await expectSameFilm(output, scene);
    await expectClean(lab, output);
  });
});
