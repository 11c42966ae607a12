import { copyFile, mkdir, readdir } from "node:fs/promises";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { keyframedScene, pixelsOf, type Reference } from "../support/blender.ts";
import { hold } from "../support/lab/fault-lab.ts";
import { FarmLab, farmLabProblem, requireBuild, skipBecause } from "../support/lab/lab.ts";
import type { LabNode } from "../support/lab/lab-node.ts";
import { completion, expectSameFilm, storedFrames } from "../support/lab/lab-results.ts";
import { WindowsMachine, windowsPath, windowsProblem } from "../support/windows-machine.ts";

describe.skipIf(skipBecause(windowsProblem ?? farmLabProblem))("the coordinator on Windows, a node on Linux", () => {
  let scene: Reference;
  let lab: FarmLab;
  let windows: WindowsMachine;
  let node: LabNode;

  beforeAll(async () => {
    requireBuild();
    scene = await keyframedScene({ frames: 24, samples: 24 });
  });

  beforeEach(async () => {
    lab = await FarmLab.open("desk", "north");
    [windows, node] = await Promise.all([WindowsMachine.open(lab), lab.startNode("north", { under: "python3" })]);
  });

  afterEach(async () => {
    await lab[Symbol.asyncDispose]();
  });

  const filmTo = (output: string) => [scene.blendfile, "-o", windowsPath(output), "--keep-frames", "--yes"];

  test("finds the node by mDNS, and makes a film in a folder with spaces and letters from many scripts", async () => {
    const folder = lab.path("Frühling 日本 films");
    await mkdir(folder);
    const output = `${folder}/mein Film ä.mp4`;
    expect(await completion(windows.coordinate(filmTo(output)))).toMatchObject({ frames: 24 });
    await expectSameFilm(output, scene);
    const report = await windows.renderfarm(["report", windowsPath(`${output}.renderfarm`)]);
    expect(report).toMatchObject({ code: 0, stdout: expect.stringContaining("north") });
    expect(await lab.leftovers()).toEqual({ processes: [], files: [] });
  });

  test("a picture that exists under the same name in upper case is noticed before anything is rendered", async () => {
    const folder = lab.path("pictures");
    await mkdir(folder);
    await copyFile(scene.blendfile, `${folder}/BILD_0002.PNG`);
    const pictures = (name: string) => [scene.blendfile, "-o", windowsPath(`${folder}/${name}`), "-f", "1-4", "--yes"];
    const refused = await windows.renderfarm(pictures("bild_####.png"));
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/bild_0002\.png/i) });
    expect((await readdir(folder)).filter((name) => /png$/i.test(name))).toEqual(["BILD_0002.PNG"]);

    expect(await completion(windows.coordinate(pictures("shot_####.png")))).toMatchObject({ frames: 4 });
    const names = ["shot_0001.png", "shot_0002.png", "shot_0003.png", "shot_0004.png"];
    expect((await readdir(folder)).filter((name) => name.endsWith(".png"))).toEqual(names);
    expect(await pixelsOf(folder, [1, 3, 4])).toEqual([0, 2, 3].map((index) => scene.pixels[index]));
  });

  test("keeps others out of its job folder while it runs, and after a kill the next run continues", async () => {
    const output = lab.path("film.mp4");
    const first = windows.coordinate(filmTo(output));
    await first.event("frame:stored", 4);
    const held = await hold(lab, node);
    const second = await windows.renderfarm(filmTo(output));
    expect(second).toMatchObject({ code: 2, stderr: expect.stringContaining("another renderfarm is using it") });
    first.signal("SIGKILL");
    await first.end();
    held.letGo();
    const kept = (await storedFrames(output)).map(({ frame }) => frame);

    const run = windows.coordinate(filmTo(output));
    expect(await completion(run)).toMatchObject({ frames: 24 });
    const renderedAgain = run.all("frame:stored").filter(({ frame }) => kept.includes(frame as number));
    expect({ kept: kept.length >= 4, renderedAgain }).toEqual({ kept: true, renderedAgain: [] });
    await expectSameFilm(output, scene);
    expect(await lab.leftovers()).toEqual({ processes: [], files: [] });
  });

  test("a film that a player has open is not replaced; the error says what to do, and no frame is lost", async () => {
    const output = lab.path("film.mp4");
    const job = [scene.blendfile, "-o", windowsPath(output), "-f", "1-4", "--yes", "--overwrite"];
    await completion(windows.coordinate(job));
    const player = windows.play(output);
    const refused = await windows.renderfarm([...job, "--keep-frames"]);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/player/) });
    player.child.kill("SIGKILL");
    await player.ended;
    const run = windows.coordinate([...job, "--keep-frames"]);
    expect(await completion(run)).toMatchObject({ frames: 4 });
    expect(await pixelsOf(`${output}.renderfarm/frames`, [1, 2, 3, 4])).toEqual(scene.pixels.slice(0, 4));
  });
});
