import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { keyframedScene, type Reference } from "../support/blender.ts";
import { FarmLab, farmLabProblem, requireBuild, skipBecause } from "../support/lab/lab.ts";
import { completion, expectSameFilm, framesByNode, storedFrames } from "../support/lab/lab-results.ts";

/** By /proc/PID/stat: the fields after the name in parentheses begin with the third, and niceness is the nineteenth. */
async function nicenessOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
}

const nothing = { processes: [], files: [] };

describe.skipIf(skipBecause(farmLabProblem))("two nodes with real Blenders, found by mDNS", () => {
  let scene: Reference;

  beforeAll(async () => {
    requireBuild();
    scene = await keyframedScene({ frames: 24, samples: 100 });
  });

  /** The command as a user types it, with the options that the test needs. */
  const job = (output: string) => ["--blend", scene.blendfile, "--output", output, "--keep-frames", "--yes"];

  test("both render, and the machine with the blendfile behind its other programs; the film equals the one of a single Blender", async () => {
    await using lab = await FarmLab.open("desk", "north", "south");
    await Promise.all([lab.startNode("north"), lab.startNode("south")]);
    lab.rendersHere = true;
    const output = lab.path("film.mp4");
    const run = lab.coordinate(job(output));
    const niceness = new Set<number>();
    run.onEvent = async ({ type }) => {
      if (type !== "frame:stored") return;
      const slots = (await lab.processes()).filter(({ command }) => command.includes("slot_main.py"));
      for (const { pid } of slots) niceness.add(await nicenessOf(pid).catch(() => 10)); // it may have ended
    };

    const completed = await completion(run);

    expect(completed).toMatchObject({ frames: 24, output });
    const shares = framesByNode(completed);
    expect(Object.keys(shares).sort()).toEqual(["north", "south", "this machine"]);
    expect(Math.min(...Object.values(shares))).toBeGreaterThan(0);
    expect([...niceness].sort((a, b) => a - b)).toEqual([10, 19]);
    await expectSameFilm(output, scene);
    expect(await lab.leftovers()).toEqual(nothing);
  });

  test("after Ctrl-C the next run continues, and renders no stored frame again", async () => {
    await using lab = await FarmLab.open("desk", "north", "south");
    await Promise.all([lab.startNode("north"), lab.startNode("south")]);
    const output = lab.path("film.mp4");

    const first = lab.coordinate(job(output));
    await first.event("frame:stored", 5);
    first.signal("SIGINT");
    const { code, last } = await first.end();
    expect({ code, last: last?.type }, first.story()).toEqual({ code: 130, last: "job:interrupted" });
    const before = await storedFrames(output);
    expect(before.length).toBeGreaterThanOrEqual(5);
    expect(before.length).toBeLessThan(24);

    const second = lab.coordinate(job(output));
    expect(await second.event("job:resumed")).toMatchObject({ stored: before.length });
    await completion(second);
    expect(second.all("frame:stored")).toHaveLength(24 - before.length);
    const after = await storedFrames(output);
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after.map(({ frame }) => frame).sort((a, b) => a - b)).toEqual(scene.frames);
    await expectSameFilm(output, scene);
    expect(await lab.leftovers()).toEqual(nothing);
  });
});
