import { beforeAll, describe, expect, test } from "vitest";
import { keyframedScene, type Reference } from "../support/blender.ts";
import { FarmLab, farmLabProblem, requireBuild, skipBecause } from "../support/lab/lab.ts";
import { completion, expectSameFilm, framesByNode, storedFrames } from "../support/lab/lab-results.ts";

const nothing = { processes: [], files: [] };

describe.skipIf(skipBecause(farmLabProblem))(
  "two nodes with real Blenders, one of which comes or goes during the job",
  () => {
    let scene: Reference;

    beforeAll(async () => {
      requireBuild();
      scene = await keyframedScene({ frames: 24, samples: 100 });
    });

    /** The command as a user types it, with the options that the test needs. */
    const job = (output: string) => ["--blend", scene.blendfile, "--output", output, "--keep-frames", "--yes"];

    test("a node that is killed during a frame costs only time", async () => {
      await using lab = await FarmLab.open("desk", "north", "south");
      const [, south] = await Promise.all([lab.startNode("north"), lab.startNode("south")]);
      const output = lab.path("film.mp4");

      const run = lab.coordinate(job(output));
      await run.event("frame:stored", 6);
      const isStored = (frame: unknown) => run.all("frame:stored").some((event) => event.frame === frame);
      await run.event("frame:started", 1, ({ name, frame }) => name === "south" && !isStored(frame));
      south.child.kill("SIGKILL");

      await run.event("node:lost");
      const completed = await completion(run);
      expect(completed).toMatchObject({ frames: 24 });
      await expectSameFilm(output, scene);
      const frames = (await storedFrames(output)).map(({ frame }) => frame);
      expect(frames.sort((a, b) => a - b)).toEqual(scene.frames);
      // A killed node cleans up when it is started again.
      await lab.startNode("south");
      const { processes, files } = await lab.leftovers();
      expect(processes).toEqual([]);
      expect(files).toEqual([]);
    });

    test("a node that appears during the job takes part, also under plain Python", async () => {
      await using lab = await FarmLab.open("desk", "north", "south");
      await lab.startNode("north");
      const output = lab.path("film.mp4");

      const run = lab.coordinate(job(output));
      await run.event("frame:stored", 1);
      await lab.startNode("south", { under: "python3" });

      const completed = await completion(run);
      expect(framesByNode(completed).south).toBeGreaterThan(0);
      await expectSameFilm(output, scene);
      expect(await lab.leftovers()).toEqual(nothing);
    });
  },
);
