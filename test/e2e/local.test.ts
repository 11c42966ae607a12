import { existsSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { keyframedScene, type Reference } from "../support/blender.ts";
import { blenderLabProblem, FarmLab, farmLabProblem, requireBuild, skipBecause } from "../support/lab/lab.ts";
import { completion, expectSameFilm } from "../support/lab/lab-results.ts";

const nothing = { processes: [], files: [] };

describe.skipIf(skipBecause(blenderLabProblem))("without any node on the network", () => {
  let scene: Reference;

  beforeAll(async () => {
    requireBuild();
    scene = await keyframedScene({ frames: 24, samples: 100 });
  });

  test("--local renders with the Blender of this machine, and stops it with the job", async () => {
    await using lab = await FarmLab.open();
    const output = lab.path("film.mp4");
    const frames = scene.frames.slice(0, 6);
    const range = ["--frames", "1-6", "--local", "--slots", "2", "--keep-frames", "--yes"];

    const completed = await completion(lab.coordinate([scene.blendfile, "-o", output, ...range]));

    expect(completed).toMatchObject({ frames: 6, output });
    await expectSameFilm(output, { ...scene, frames, pixels: scene.pixels.slice(0, 6) });
    expect(await lab.leftovers()).toEqual(nothing);
  });

  test.skipIf(farmLabProblem !== undefined)(
    "if no node answers on the network, this machine renders alone",
    async () => {
      await using lab = await FarmLab.open("desk");
      const output = lab.path("film.mp4");
      const run = lab.coordinate([scene.blendfile, "-o", output, "--frames", "3-4", "--yes"]);

      expect(await run.event("discovery:scanned")).toMatchObject({ nodes: 0 });
      expect(await completion(run)).toMatchObject({ frames: 2, output });
      expect(await lab.leftovers()).toEqual(nothing);
    },
  );

  test("--local leaves no process and no temporary file when it is interrupted early", async () => {
    await using lab = await FarmLab.open();

    const run = lab.coordinate([scene.blendfile, "-o", lab.path("film.mp4"), "--local", "--yes"]);
    await run.event("frame:started");
    run.signal("SIGTERM");

    const { code, last } = await run.end();
    expect({ code, last: last?.type }, run.story()).toEqual({ code: 143, last: "job:interrupted" });
    expect(await lab.leftovers()).toEqual(nothing);
  });

  test("without a Blender here it says how to get one", async () => {
    await using lab = await FarmLab.open();
    const run = lab.coordinate([scene.blendfile, "-o", lab.path("film.mp4"), "--local", "--yes"], {
      PATH: await pathWithoutBlender(lab.path("programs")),
    });

    const { code, last } = await run.end();
    expect({ code, last }, run.story()).toMatchObject({ code: 3, last: { type: "job:failed" } });
    expect(last?.message).toMatch(/Blender/);
    expect(last?.hint).toMatch(/install|blender\.org/i);
    expect(await lab.leftovers()).toEqual(nothing);
  });
});

/** A folder for PATH with everything that the program needs except Blender. */
async function pathWithoutBlender(folder: string): Promise<string> {
  await mkdir(folder);
  for (const name of ["ffmpeg", "ffprobe", "python3", "sh"]) {
    const folders = (process.env.PATH ?? "").split(delimiter);
    const found = folders.map((place) => join(place, name)).find((file) => existsSync(file));
    if (found !== undefined) await symlink(found, join(folder, name));
  }
  return folder;
}
