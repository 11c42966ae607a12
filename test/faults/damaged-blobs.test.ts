import { chmod, open, readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, test } from "vitest";
import { blenderPath, keyframedScene, type Reference } from "../support/blender.ts";
import { expectClean, halfOf, renders, slotsOf } from "../support/lab/fault-lab.ts";
import { FarmLab, farmLabProblem, requireBuild, skipBecause } from "../support/lab/lab.ts";
import { completion, expectSameFilm, framesByNode } from "../support/lab/lab-results.ts";

/** Python that removes all visible objects from the scene, and saves it elsewhere. */
const emptied = (path: string) => `import bpy
for thing in [thing for thing in bpy.data.objects if thing.type == "MESH"]: bpy.data.objects.remove(thing)
bpy.ops.wm.save_as_mainfile(filepath=${JSON.stringify(path)}, compress=False)`;

describe.skipIf(skipBecause(farmLabProblem))("a blendfile that is damaged on the node's disk", () => {
  let scene: Reference;
  let short: Reference;

  beforeAll(async () => {
    requireBuild();
    scene = await keyframedScene({ frames: 24, samples: 24 });
    short = { ...scene, frames: scene.frames.slice(0, 4), pixels: scene.pixels.slice(0, 4) };
  });

  const under = "python3" as const;
  const job = (output: string) => [scene.blendfile, "-o", output, "--keep-frames", "--yes"];

  /** Another blendfile with the same size: Blender ignores bytes after the end of the data. */
  async function otherFile(lab: FarmLab): Promise<Buffer> {
    const path = lab.path("other.blend");
    await execa(blenderPath ?? "blender", [
      "-b",
      scene.blendfile,
      "--python-exit-code",
      "1",
      "--python-expr",
      emptied(path),
    ]);
    const other = await readFile(path);
    const { size } = await stat(scene.blendfile);
    expect(other.length).toBeLessThanOrEqual(size);
    return Buffer.concat([other, Buffer.alloc(size - other.length)]);
  }

  /** Writes in place: all hard links of the file have the new content. */
  async function overwrite(path: string, content: Buffer): Promise<void> {
    await chmod(path, 0o600);
    const file = await open(path, "r+");
    await file.truncate(content.length);
    await file.write(content, 0, content.length, 0);
    await file.close();
  }

  test("between two jobs, truncated or replaced by another of the same size, is sent again, and every frame is right", async () => {
    await using lab = await FarmLab.open("desk", "north");
    await lab.startNode("north", { under });
    const first = lab.coordinate([...job(lab.path("first.mp4")), "--frames", "1-4"]);
    await completion(first);
    const blobs = lab.path("north/cache/renderfarm/blobs");
    const [name = ""] = await readdir(blobs);
    const whole = await readFile(scene.blendfile);

    const damages = { half: await halfOf(scene.blendfile), other: await otherFile(lab) };
    for (const [what, damage] of Object.entries(damages)) {
      await overwrite(join(blobs, name), damage);
      const output = lab.path(`${what}.mp4`);
      const run = lab.coordinate([...job(output), "--frames", "1-4"]);
      expect(framesByNode(await completion(run))).toEqual({ north: 4 });
      await expectSameFilm(output, short);
      expect((await readFile(join(blobs, name))).equals(whole), what).toBe(true);
      expect(run.all("warning").map(({ code }) => code)).toEqual(what === "other" ? ["BLOB_MISSING"] : []);
    }
    await expectClean(lab, lab.path("first.mp4"));
  });

  test("through its hard link in the run folder, during the job, is sent again, and the job continues", async () => {
    await using lab = await FarmLab.open("desk", "north");
    const north = await lab.startNode("north", { under });
    const other = await otherFile(lab);
    const output = lab.path("film.mp4");
    const run = lab.coordinate(job(output));
    await run.event("frame:stored", 4);
    const runs = lab.path("north/cache/renderfarm/runs");
    const laidOut =
      (await readdir(runs, { recursive: true })).find((name) => name.endsWith(basename(scene.blendfile))) ?? "";
    await overwrite(join(runs, laidOut), other);
    const [name = ""] = await readdir(lab.path("north/cache/renderfarm/blobs"));
    await renders(run, "north");
    for (const pid of await slotsOf(lab, north)) process.kill(pid, "SIGKILL");

    expect(framesByNode(await completion(run))).toEqual({ north: 24 });
    expect(run.all("warning").map(({ code }) => code)).toEqual(["BLOB_MISSING"]);
    expect(run.all("node:lost")).toEqual([]);
    await expectSameFilm(output, scene);
    const blob = await readFile(lab.path(`north/cache/renderfarm/blobs/${name}`));
    expect(blob.equals(await readFile(scene.blendfile))).toBe(true);
    await expectClean(lab, output);
  });
});
