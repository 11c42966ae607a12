import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { keyframedScene, type Reference } from "../support/blender.ts";
import { expectClean } from "../support/lab/fault-lab.ts";
import { FarmLab, farmLabProblem, requireBuild, skipBecause } from "../support/lab/lab.ts";
import type { LabCoordinator } from "../support/lab/lab-coordinator.ts";
import { completion, expectSameFilm, storedFrames } from "../support/lab/lab-results.ts";
import { Dice } from "../support/simulation/simulate-dice.mjs";

/**
 * Waits for the moment at which the run is killed. Of five runs, one is killed after all frames are stored, while it
 * encodes, checks and publishes the video; two while it stores the first frames; two at a random time from the start.
 */
async function killingTime(run: LabCoordinator, ended: Promise<unknown>, kill: number, dice: Dice) {
  const instant = dice.next();
  const kind = kill % 5;
  if (kind % 2 === 0 && kind < 4) return await Promise.race([ended, delay(instant ** 2 * 3_000)]);
  const count = dice.between(1, 3);
  const moments = [
    run.event("frame:stored", kind === 4 ? 1 : count, ({ stored, total }) => kind !== 4 || stored === total),
    run.event("job:resumed", 1, ({ stored }) => stored === 12),
  ];
  await Promise.any([ended, ...moments]);
  return await delay(instant * 150);
}

/** Folders with frames that were set aside. */
async function framesAside(output: string): Promise<string[]> {
  const names = existsSync(`${output}.renderfarm`) ? await readdir(`${output}.renderfarm`) : [];
  return names.filter((name) => name.startsWith("frames.") && name !== "frames.ndjson");
}

describe.skipIf(skipBecause(farmLabProblem))("coordinators that are killed, and two at once", () => {
  let scene: Reference;

  beforeAll(async () => {
    requireBuild();
    scene = await keyframedScene({ frames: 24, samples: 24 });
  });

  const under = "python3" as const;
  const job = (output: string, node: string) => [
    scene.blendfile,
    "-o",
    output,
    "--nodes",
    node,
    "--keep-frames",
    "--yes",
  ];

  test("killed at twenty random moments, also while encoding: the same command continues, and rerenders nothing", async () => {
    const seed = Number(process.env.FAULT_SEED ?? 20_260);
    const dice = new Dice(seed);
    await using lab = await FarmLab.open("desk", "north");
    const { port } = await lab.startNode("north", { under });
    const address = `${lab.network.addressOf("north")}:${port}`;
    const short = { ...scene, frames: scene.frames.slice(0, 12), pixels: scene.pixels.slice(0, 12) };
    let kills = 0;
    let goneOn = 0;
    for (let film = 1; kills < 20; film += 1) {
      const output = lab.path(`film${film}.mp4`);
      /** Frames that earlier runs stored, from their events and from the disk. */
      const before = new Set<unknown>();
      for (;;) {
        const run = lab.coordinate([...job(output, address), "--frames", "1-12"]);
        const ended = run.end();
        const isPartial = before.size > 0 && before.size < 12;
        if (kills < 20) {
          await killingTime(run, ended, kills, dice);
          run.signal("SIGKILL");
        }
        const { code, last } = await ended;
        const stored = existsSync(`${output}.renderfarm/frames.ndjson`) ? await storedFrames(output) : [];
        const numbers = stored.map(({ frame }) => frame);
        const told = run.all("frame:stored").map(({ frame }) => frame);
        const begun = run.all("frame:started").map(({ frame }) => frame);
        const where = `seed ${seed}, kill ${kills}: a stored frame was rendered again\n${run.story()}`;
        expect(new Set(numbers).size, where).toBe(numbers.length);
        expect(
          [...told, ...begun].filter((frame) => before.has(frame)),
          where,
        ).toEqual([]);
        if (isPartial && told.length > 0) goneOn += 1;
        for (const frame of [...numbers, ...told]) before.add(frame);
        expect([...before].sort(), where).toEqual([...numbers].sort()); // none of them is lost
        expect(run.all("job:restarted"), where).toEqual([]);
        expect(await framesAside(output), where).toEqual([]);
        if (code === null) kills += 1;
        else {
          expect({ code, last: last?.type }, `seed ${seed}\n${run.story()}`).toEqual({
            code: 0,
            last: "job:completed",
          });
          break;
        }
      }
      await expectSameFilm(output, short);
    }
    expect(kills).toBe(20);
    expect(goneOn, "runs that continued with some of the frames").toBeGreaterThan(0);
    expect((await readdir(lab.path("."))).filter((name) => name.includes("part"))).toEqual([]);
    const { processes, files } = await lab.leftovers();
    expect(processes).toEqual([]);
    expect(files).toEqual([]);
  });

  test("two on one job: the second fails and names the first, which completes the job", async () => {
    await using lab = await FarmLab.open("desk", "north");
    const { port } = await lab.startNode("north", { under });
    const address = `${lab.network.addressOf("north")}:${port}`;
    const output = lab.path("film.mp4");
    const first = lab.coordinate(job(output, address));
    await first.event("frame:stored", 2);
    const second = lab.coordinate(job(output, address));
    const { code, last } = await second.end();
    expect({ code, last }).toMatchObject({ code: 2, last: { type: "job:failed", code: "FARM_JOB_LOCKED" } });
    expect(last?.message).toMatch(/process \d+ on .*, last seen/);
    await completion(first);
    await expectSameFilm(output, scene);
    await expectClean(lab, output);
  });

  test("two jobs on one node: the second waits and names the holder, and both videos are complete and unmixed", async () => {
    await using lab = await FarmLab.open("desk", "north");
    const { port } = await lab.startNode("north", { under });
    const address = `${lab.network.addressOf("north")}:${port}`;
    const [one, two] = [lab.path("one.mp4"), lab.path("two.mp4")];
    const first = lab.coordinate(job(one, address));
    await first.event("frame:stored", 2);
    const second = lab.coordinate(job(two, address));
    expect(await second.event("node:busy")).toMatchObject({ name: "north", holder: expect.stringMatching(/@/) });
    expect(second.all("frame:stored")).toEqual([]);
    await completion(first);
    await completion(second);
    for (const output of [one, two]) await expectSameFilm(output, scene);
    await expectClean(lab, one);
  });
});
