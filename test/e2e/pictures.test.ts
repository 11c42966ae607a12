import { copyFile, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { saveScene } from "../support/blender.ts";
import { readExr } from "../support/exr.ts";
import { filesBelow } from "../support/files-below.ts";
import { blenderLabProblem, FarmLab, requireBuild, skipBecause } from "../support/lab/lab.ts";
import { builtProgram } from "../support/lab/lab-coordinator.ts";
import { completion } from "../support/lab/lab-results.ts";

/** The README's commands, the pictures that they leave of a scene with half floats, and how long those numbers are. */
const commands: readonly (readonly [command: string, folder: string, pictures: string, type: string])[] = [
  ["shot.blend -o frames/", "frames", "", "half"],
  ["shot.blend -o frames/f_####.exr", "frames", "f_", "half"],
  ["shot.blend -o frames/ --format exr-multilayer --depth 32", "frames", "", "float"],
  ["shot.blend -o film.mp4 --format exr", "film.frames", "", "half"],
];

test.skipIf(skipBecause(blenderLabProblem))("the README's commands for pictures leave what it says", async () => {
  requireBuild();
  await using lab = await FarmLab.open();
  const scenes = lab.path("scenes");
  await mkdir(scenes);
  await saveScene("pictures.py", scenes, [lab.path("elsewhere")]);
  await copyFile(`${scenes}/half.blend`, lab.path("shot.blend"));
  for (const [command, folder, name, type] of commands) {
    await rm(lab.path(folder), { recursive: true, force: true });
    const run = lab.coordinate([...command.split(" "), "--local", "--frames", "1-2", "--keep-frames", "--yes"]);

    expect(await completion(run), command).toMatchObject({ frames: 2 });
    const pictures = [`${name}0001.exr`, `${name}0002.exr`];
    const files = (await filesBelow(lab.path(folder))).filter((file) => !file.includes(".renderfarm/"));
    expect(files, command).toEqual(pictures);
    for (const picture of pictures) {
      const parts = readExr(await readFile(join(lab.path(folder), picture)));
      const colors = parts.flatMap(({ channels }) => [...channels]).filter(([channel]) => /(^|\.)[RGB]$/.test(channel));
      expect(
        colors.map(([, samples]) => samples.type),
        command,
      ).toEqual([type, type, type]);
    }
  }
  const again = [builtProgram, "encode", "film.mp4.renderfarm", "--overwrite"];
  const { stdout } = await execa(process.execPath, again, { cwd: lab.path("") });
  expect(stdout).toMatch(/film\.mp4: 2 frames in .*\n {2}2 pictures of the frames in .*film\.frames$/);
});
