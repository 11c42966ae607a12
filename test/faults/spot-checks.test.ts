import { existsSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { keyframedScene, type Reference, saveScene } from "../support/blender.ts";
import { expectClean } from "../support/lab/fault-lab.ts";
import { blenderLabProblem, FarmLab, requireBuild, skipBecause } from "../support/lab/lab.ts";
import { completion, expectSameFilm } from "../support/lab/lab-results.ts";

const frames = 60;

describe.skipIf(skipBecause(blenderLabProblem))("frames that a new Blender renders again", () => {
  let scene: Reference;

  beforeAll(async () => {
    requireBuild();
    scene = await keyframedScene({ frames, samples: 24 });
  });

  test("a slot that begins to render wrongly after ten frames is found, and the video is right", async () => {
    await using lab = await FarmLab.open();
    const node = await lab.startNode("north", { under: "python3", more: ["--allow-scripts"] });
    const blend = lab.path("tiring.blend");
    await saveScene("tiring.py", scene.blendfile, [blend]);
    const output = lab.path("film.mp4");
    const more = ["--nodes", `127.0.0.1:${node.port}`, "--keep-frames", "--yes", "--allow-scripts", "--checks", "99%"];
    const run = lab.coordinate([blend, "-o", output, ...more]);
    const completed = await completion(run);
    const [checked] = run.all("frame:checked").filter(({ outcome }) => outcome === "different");
    expect(checked, run.story()).toMatchObject({ name: "north" });
    expect(run.all("frames:doubted").length).toBeGreaterThan(0);
    const warnings = completed.warnings as readonly string[];
    expect(warnings).toContainEqual(expect.stringContaining("differently from a new process"));
    const difference = warnings.find((warning) => warning.includes("of 255")) ?? "";
    expect(difference).toMatch(
      new RegExp(`^Frame ${checked?.frame} differed in \\d+ of 5184 pixels, by up to \\d+ of 255`),
    );
    expect(existsSync(difference.slice(difference.indexOf(": ") + 2))).toBe(true);
    await expectSameFilm(output, scene);
    expect(await lab.leftovers()).toEqual({ processes: [], files: [] });
  });

  test("a scene whose frames are always the same passes all its checks", async () => {
    await using lab = await FarmLab.open();
    const node = await lab.startNode("north", { under: "python3" });
    const output = lab.path("film.mp4");
    const more = ["--nodes", `127.0.0.1:${node.port}`, "--keep-frames", "--yes", "--frames", "1-12", "--checks", "all"];
    const run = lab.coordinate([scene.blendfile, "-o", output, ...more]);
    const completed = await completion(run);
    expect(completed.warnings).toEqual([]);
    const checked = run.all("frame:checked");
    expect(checked.map(({ frame, outcome }) => [frame, outcome])).toEqual(
      Array.from({ length: 11 }, (_, index) => [index + 2, "equal"]), // the first one of a process would be the same
    );
    await expectSameFilm(output, { ...scene, frames: scene.frames.slice(0, 12), pixels: scene.pixels.slice(0, 12) });
    await expectClean(lab, output);
  });
});
