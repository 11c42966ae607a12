import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { keyframedScene, type Reference } from "../support/blender.ts";
import { FakedClock, fakedClockProblem } from "../support/faked-clock.ts";
import { blenderBehind, expectClean } from "../support/lab/fault-lab.ts";
import { FarmLab, farmLabProblem, requireBuild, skipBecause } from "../support/lab/lab.ts";
import { completion, expectSameFilm, framesByNode } from "../support/lab/lab-results.ts";

const problem = farmLabProblem ?? fakedClockProblem;

describe.skipIf(skipBecause(problem))("the system clock of real machines", () => {
  let scene: Reference;

  beforeAll(async () => {
    requireBuild();
    scene = await keyframedScene({ frames: 24, samples: 24 });
  });

  test("jumps a year ahead and two days back, on both sides in turn: nothing is lost, and the job keeps its lock", async () => {
    await using lab = await FarmLab.open("desk", "north");
    const [deskClock, northClock] = [new FakedClock(lab.path("desk-clock")), new FakedClock(lab.path("north-clock"))];
    // libfaketime stops Blender at its start: the node has the jumping clock, its slots have the real one.
    const blender = await blenderBehind(lab, "true-time", "unset LD_PRELOAD");
    const options = { under: "python3", limits: northClock.words, more: ["--blender", blender] } as const;
    await startSurely(() => lab.startNode("north", options));
    const output = lab.path("film.mp4");
    const job = [scene.blendfile, "-o", output, "--keep-frames", "--yes"];
    const run = lab.coordinate(job, {}, deskClock.words);
    await run.event("frame:stored", 3);
    deskClock.jump("+365d");
    const year = new Date().getUTCFullYear();
    await run.event("frame:stored", 6);
    expect(new Date(String(run.events.at(-1)?.at)).getUTCFullYear()).toBeGreaterThan(year); // it did jump
    const { code, stderr } = await lab.coordinate(job).end();
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("another renderfarm is using it"),
    });
    northClock.jump("-2d");
    await run.event("frame:stored", 9);
    deskClock.jump("-2d");
    northClock.jump("+365d");
    await run.event("frame:stored", 12);

    expect(framesByNode(await completion(run))).toEqual({ north: 24 });
    for (const type of ["node:lost", "frame:requeued", "node:barred"]) expect(run.all(type)).toEqual([]);
    const seconds = (await readFile(`${output}.renderfarm/frames.ndjson`, "utf8"))
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { seconds: number }).seconds);
    expect(Math.min(...seconds)).toBeGreaterThan(0);
    expect(Math.max(...seconds)).toBeLessThan(600);
    await expectSameFilm(output, scene);
    await expectClean(lab, output);
  });
});

/** With libfaketime every 25th start of Python fails: `time.sleep`, used by a node only at its start, gets EINVAL. */
async function startSurely(start: () => Promise<unknown>): Promise<void> {
  for (let starts = 1; ; starts++) {
    try {
      await start();
      return;
    } catch (error) {
      if (starts === 5 || !String(error).includes("[Errno 22]")) throw error;
    }
  }
}
