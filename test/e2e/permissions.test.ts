import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { beforeAll, describe, expect, test } from "vitest";
import { saveScene } from "../support/blender.ts";
import { blenderLabProblem, FarmLab, requireBuild, skipBecause } from "../support/lab/lab.ts";
import { completion } from "../support/lab/lab-results.ts";

/** A folder of a user's scripts, with the add-on whose engine the scene of by_addon.py has. */
const hasAddon = { BLENDER_USER_SCRIPTS: fileURLToPath(new URL("../support/user-scripts", import.meta.url)) };

describe.skipIf(skipBecause(blenderLabProblem))("What a user allows the Blender of this machine, with --local,", () => {
  beforeAll(requireBuild);

  /** The command for one frame. */
  const job = (lab: FarmLab, blend: string, name: string, ...flags: string[]) => {
    return [blend, "-o", lab.path(`${name}/####.png`), "--frames", "1", "--local", "--yes", ...flags];
  };

  test("is to run the scripts in the blendfile: without --allow-scripts they do not, and the user is told", async () => {
    await using lab = await FarmLab.open();
    const blend = lab.path("scripted.blend");
    await saveScene("scripted.py", blend, []);

    const blocked = await completion(lab.coordinate(job(lab, blend, "blocked")));
    expect(await colorOf(lab.path("blocked/0001.png"))).toEqual([255, 0, 0]);
    expect(blocked.warnings).toEqual([expect.stringContaining("Scripts in the file were not run: ")]);

    const allowed = await completion(lab.coordinate(job(lab, blend, "allowed", "--allow-scripts")));
    expect(await colorOf(lab.path("allowed/0001.png"))).toEqual([0, 255, 0]);
    expect(allowed.warnings).toEqual([]);
  });

  test("is to use an add-on: the engine that it has renders, or the user is told that it is not there", async () => {
    await using lab = await FarmLab.open();
    await mkdir(lab.path("scenes"));
    await saveScene("by_addon.py", lab.path("scenes"), []);
    const blend = lab.path("scenes/main.blend");

    await completion(lab.coordinate(job(lab, blend, "enabled", "--addons", "flat_engine"), hasAddon));
    const flat = [71, 188, 137].map((value) => expect.closeTo(value, -1)); // Blender dithers
    expect(await colorOf(lab.path("enabled/0001.png"))).toEqual(flat);

    const missing = lab.coordinate(job(lab, blend, "missing", "--addons", "flat_engine"));
    const { code, last } = await missing.end();
    expect({ code, last }, missing.story()).toMatchObject({
      code: 3,
      last: { code: "FARM_NODE_EXCLUDED", message: expect.stringContaining("has no add-on 'flat_engine'") },
    });
  });
});

/** Red, green and blue of a picture's first pixel, each up to 255. */
async function colorOf(path: string): Promise<number[]> {
  const args = ["-v", "error", "-i", path, "-pix_fmt", "rgb24", "-f", "rawvideo", "-"];
  const { stdout } = await execa(process.env.FFMPEG_PATH ?? "ffmpeg", args, { encoding: "buffer" });
  return [...stdout.subarray(0, 3)];
}
