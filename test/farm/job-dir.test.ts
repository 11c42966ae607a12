import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { shellQuoted } from "../../src/core/text.ts";
import { encodeFolder } from "../../src/farm/output/encode-folder.ts";
import { encodeCommandFor } from "../../src/farm/output/job-output.ts";
import { reportOf } from "../../src/farm/report/job-report.ts";
import { jobFolderOf } from "../../src/frames/job-folder-place.ts";
import { ScriptedFarm } from "../support/nodes/scripted-farm.ts";

vi.setConfig({ testTimeout: 30_000 }); // FFmpeg and the disk set the pace

let farm: ScriptedFarm;
let jobDir: string;

beforeEach(async () => {
  farm = await ScriptedFarm.open();
  jobDir = farm.path("another/disk");
});
afterEach(async () => {
  await farm[Symbol.asyncDispose]();
  expect(farm.problems).toEqual([]);
});

const encoding = { overwrite: false, onEvent: () => {}, signal: new AbortController().signal };

test("the job folder is made in --job-dir, and the next run continues from there", async () => {
  const node = await farm.start();
  await farm.run([node], { frames: "1-3", jobDir }).completed();
  const again = farm.run([node], { frames: "1-5", jobDir, overwrite: true });
  expect(await again.completed()).toMatchObject({ frames: 5, reused: 3 });
  const [name = "", ...others] = await readdir(jobDir);
  expect(others).toEqual([]);
  expect(name).toMatch(/^out\.mp4\.[0-9a-f]{16}\.renderfarm$/);
  expect(again.all("job:started")).toMatchObject([{ folder: join(jobDir, name) }]);
  expect(await readdir(dirname(farm.output))).not.toContain("out.mp4.renderfarm");
});

test("the same command succeeds again if its video exists, wherever the job folder is", async () => {
  const node = await farm.start();
  await farm.run([node], { frames: "1-3", jobDir }).completed();
  const { links } = node.node;
  expect(await farm.run([node], { frames: "1-3", jobDir }).completed()).toMatchObject({ reused: 3 });
  expect(node.node.links).toBe(links);
});

test("outputs with the same name in different folders have different job folders", async () => {
  const node = await farm.start();
  for (const shot of ["one", "two"]) {
    await mkdir(farm.path(shot));
    const run = farm.run([node], { frames: "1-2", jobDir, output: farm.path(`${shot}/out.mp4`) });
    expect(await run.completed()).toMatchObject({ reused: 0 });
  }
  expect((await readdir(jobDir)).length).toBe(2);
});

test("encode and report accept such a folder; encode needs --output, since it trusts no path in a job folder", async () => {
  const poster = farm.path("first.png");
  await farm.run([await farm.start()], { frames: "1-3", jobDir, poster }).completed();
  const folder = jobFolderOf(farm.output, jobDir);
  expect(await reportOf(folder)).toMatchObject({ frames: 3, expected: 3 });
  await rm(farm.output);
  await rename(folder, farm.path("kept"));
  await expect(encodeFolder(farm.path("kept"), encoding)).rejects.toMatchObject({
    ...{ code: "FARM_BAD_INPUT", hint: `Give --output; the render had ${farm.output}` },
  });
  const { output } = farm;
  expect(await encodeFolder(farm.path("kept"), { ...encoding, output })).toMatchObject({ output, frames: 3 });
});

test("the suggested encode command has all options that it needs", () => {
  const command = (isApart: boolean, poster?: string) =>
    encodeCommandFor("/jobs/a", isApart, { output: "/films/out.mp4", poster }).replace(/^.*renderfarm (?=encode )/, "");
  const [job, film] = ["/jobs/a", "/films/out.mp4"].map((path) => shellQuoted(path));
  expect(command(false)).toBe(`encode ${job}`);
  expect(command(false, "/films/first.png")).toBe(`encode ${job}`);
  expect(command(false, "/posters/1.png")).toBe(`encode ${job} --poster ${shellQuoted("/posters/1.png")}`);
  expect(command(true)).toBe(`encode ${job} --output ${film}`);
  expect(command(true, "/films/1.png")).toBe(`encode ${job} --output ${film} --poster ${shellQuoted("/films/1.png")}`);
});

test("after bad input a --job-dir that did not exist is removed", async () => {
  const node = await farm.start({ scene: { camera: null, cameras: [] } });
  await expect(farm.run([node], { jobDir }).result).rejects.toMatchObject({ code: "FARM_BAD_INPUT" });
  expect(await readdir(farm.path(""))).not.toContain("another");
});

test("an error names a --job-dir that cannot be made, and says what to do", async () => {
  const node = await farm.start();
  await expect(farm.run([node], { jobDir: join(farm.blend, "jobs") }).result).rejects.toMatchObject({
    code: "FARM_OUTPUT_UNWRITABLE",
    hint: expect.stringMatching(/--job-dir .*where you can write/),
  });
});
