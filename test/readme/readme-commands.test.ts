import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatFarmKey } from "../../src/config/farm-key-text.ts";
import { makeFarmKey } from "../../src/core/farm-key.ts";
import { TerminalLab } from "../support/terminal/terminal-lab.ts";

const key = makeFarmKey();
let lab: TerminalLab;
let at: string;
beforeAll(async () => {
  lab = await TerminalLab.open();
  await lab.makeBlend("scene.blend");
  at = (await lab.serve({ key: null })).at;
});
afterAll(() => lab?.[Symbol.asyncDispose]());

// The README's own words, plus only what keeps the test off the machine's real network.
test.each([
  [["--blend", "scene.blend", "--output", "out.mp4", "--overwrite"]],
  [["scene.blend", "-o", "out.mp4", "--overwrite"]],
])("renderfarm %j renders", async (words) => {
  const { exitCode, stdout, stderr } = await lab.renderfarm([...words, "--nodes", at]);
  expect(exitCode, stderr).toBe(0);
  expect(stdout).toContain("4 frames expected, rendered, checked and in the video");
  expect(existsSync(lab.path("out.mp4"))).toBe(true);
});

test("renderfarm --preview renders beside the output, and --estimate says how long the rest takes", async () => {
  await lab.renderfarm(["scene.blend", "-o", "out.mp4", "--overwrite", "--nodes", at]);
  const film = await readFile(lab.path("out.mp4"));
  const preview = await lab.renderfarm(["scene.blend", "-o", "out.mp4", "--preview", "--nodes", at]);
  expect([preview.exitCode, preview.stderr]).toEqual([0, ""]);
  expect(preview.stdout).toMatch(/out\.preview\.mp4\n {2}1 frame expected/);
  expect(await readFile(lab.path("out.mp4"))).toEqual(film);
  const estimate = ["scene.blend", "-o", "out.mp4", "--estimate", "--overwrite", "--fresh", "--nodes", at];
  const { exitCode, stdout } = await lab.renderfarm(estimate);
  expect({ exitCode, stdout }).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining("4 frames, about 0 s on"),
  });
  expect(await readFile(lab.path("out.mp4"))).toEqual(film);
});

test("renderfarm renders otherwise than the file says, and its lines and report say so", async () => {
  const half = ["scene.blend", "-o", "out.mp4", "--samples", "64", "--resolution", "50%", "--denoise", "off"];
  const rendered = await lab.renderfarm([...half, "--overwrite", "--keep-frames", "--nodes", at]);
  expect([rendered.exitCode, rendered.stderr]).toEqual([0, ""]);
  const otherwise = "Otherwise than in the blendfile: samples 64, resolution 50%, denoise off\n";
  expect(rendered.stdout).toMatch(`out.mp4\n  ${otherwise}`);
  expect((await lab.renderfarm(["report", "out.mp4"])).stdout).toContain(otherwise);
  const left = ["scene.blend", "-o", "left/", "--camera", "Left", "--transparent", "--engine", "cycles"];
  const pictures = await lab.renderfarm([...left, "--json", "--nodes", at]);
  const events = pictures.stdout.trim().split("\n");
  expect(events.map((line) => JSON.parse(line)).filter(({ type }) => type === "job:started")).toMatchObject([
    { overrides: { camera: "Left", transparent: true, engine: "CYCLES" } },
  ]);
});

test("renderfarm report and encode FOLDER work on the folder that a render left", async () => {
  const rendered = await lab.renderfarm(["scene.blend", "-o", "kept.mp4", "--keep-frames", "--nodes", at]);
  expect(rendered.exitCode).toBe(0);
  const text = await lab.renderfarm(["report", "kept.mp4.renderfarm"]);
  expect([text.exitCode, text.stderr]).toEqual([0, ""]);
  expect(text.stdout).toMatch(/^scene of [^\n]+\nCompleted: 4 of 4 frames stored\n1 run in /);
  const json = JSON.parse((await lab.renderfarm(["report", "kept.mp4.renderfarm", "--json"])).stdout);
  expect(json).toMatchObject({ frames: 4, runs: 1, outcome: "completed", nodes: [{ name: "fake", frames: 4 }] });

  expect((await lab.renderfarm(["encode", "kept.mp4.renderfarm"])).exitCode).toBe(2); // the file exists already
  const encoded = await lab.renderfarm(["encode", "kept.mp4.renderfarm", "-o", "again.mkv"]);
  expect(encoded).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("again.mkv: 4 frames") });
  expect((await lab.renderfarm(["report", "kept.mp4"])).stdout).toBe(text.stdout); // its job folder is meant
  const apart = { RENDERFARM_JOB_DIR: lab.path("jobs") };
  await mkdir(lab.path("jobs"));
  expect((await lab.renderfarm(["scene.blend", "-o", "apart.mp4", "--nodes", at], { env: apart })).exitCode).toBe(0);
  expect((await lab.renderfarm(["report", "apart.mp4"], { env: apart })).stdout).toMatch(/^Completed: 4 of 4/m);
  expect((await lab.renderfarm(["encode", "kept.mp4", "-o", "third.mkv"])).exitCode).toBe(0);
  expect((await lab.renderfarm(["report", "."])).stderr).toContain("it is not a job folder");
});

test("renderfarm key make, show and set: the key itself only when asked to, and never replaced unasked", async () => {
  const none = await lab.renderfarm(["key"]);
  expect([none.exitCode, none.stdout]).toEqual([2, ""]);
  expect((await lab.renderfarm(["key", "set"], { input: `${formatFarmKey(key)}\n` })).exitCode).toBe(0);
  expect((await lab.renderfarm(["key", "show"])).stdout).toBe(key.id);
  expect((await lab.renderfarm(["key", "show", "--reveal"])).stdout).toBe(`${key.id}  ${formatFarmKey(key)}`);
  expect((await lab.renderfarm(["key", "make"])).stderr).toContain("--replace");
  expect((await lab.renderfarm(["key", "set", "--replace"], { input: "no key 189" })).exitCode).toBe(2);
  expect((await readFile(join(lab.configFolder, "key"), "utf8")).trim()).toBe(formatFarmKey(key));
  const made = await lab.renderfarm(["key", "make", "--replace"]);
  expect(made.exitCode).toBe(0);
  expect((await lab.renderfarm(["key"])).stdout).not.toBe(key.id);
});

test("renderfarm doctor without FFmpeg and Blender names both and a fix, and its exit code is 3", async () => {
  await mkdir(lab.path("empty"), { recursive: true });
  const { exitCode, stdout } = await lab.renderfarm(["doctor", "--json"], { env: { PATH: lab.path("empty") } });
  const findings = stdout.split("\n").map((line) => JSON.parse(line));
  expect(findings).toContainEqual(
    expect.objectContaining({ what: "FFmpeg", state: "problem", fix: expect.stringContaining("Install FFmpeg") }),
  );
  expect(findings).toContainEqual(expect.objectContaining({ what: "Blender", state: "warning" }));
  expect(exitCode).toBe(3);
});

test("renderfarm node starts main.py in Blender, restarts it when it dies, and lists its flags", async () => {
  const count = lab.path("starts");
  const blender = lab.path("blender");
  // Dies once, as if it were killed, then ends normally.
  const dies = `[ "$(wc -l < ${count})" -lt 2 ] && kill -9 $$`;
  const version = '[ "$1" = --version ] && echo "Blender 3.4.1" && exit';
  await writeFile(blender, `#!/bin/sh\n${version}\necho "$@" >> ${count}\n${dies}\nexit 0\n`, { mode: 0o755 });
  const { exitCode, stderr } = await lab.renderfarm(["node", "--blender", blender, "--name", "attic"]);
  expect(exitCode).toBe(0);
  expect(stderr).toMatch(/The node ended: it was ended by SIGKILL; starting it again in [\d.]+ s/);
  const starts = (await readFile(count, "utf8")).trim().split("\n");
  expect(starts.length).toBe(2);
  expect(starts[0]).toMatch(/-b --factory-startup .*-P .*blender_scripts\/main\.py -- .*--name attic/);
});

describe("--help of", () => {
  test.each(
    [["nodes"], ["farmspec"], ["key"], ["key", "show"], ["key", "make"], ["key", "set"], ["doctor"]].concat([
      ["encode"],
      ["report"],
    ]),
  )("%s %s", async (...words) => {
    const { exitCode, stdout, stderr } = await lab.renderfarm([...words.filter(Boolean), "--help"]);
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`Usage: renderfarm ${words.filter(Boolean).join(" ")}`);
  });
});
