import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { makeTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const builder = new URL("../../scripts/build.mjs", import.meta.url).href;
let folder: TemporaryFolder;
beforeAll(async () => {
  const { build } = (await import(/* @vite-ignore */ builder)) as { build: (say: () => void) => Promise<void> };
  await build(() => {});
  folder = await makeTemporaryFolder();
  await writeFile(join(folder.path, "scene.blend"), `BLENDER-v304REND${"scene ".repeat(100)}`);
  await writeFile(join(folder.path, "text.blend"), "this is no blendfile, although it is called one");
});
afterAll(() => folder[Symbol.asyncDispose]());

/** Runs the built program away from this machine's own settings. */
function renderfarm(args: readonly string[], env: Record<string, string> = {}, input = "") {
  return execa(process.execPath, [program, ...args], {
    cwd: folder.path,
    env: {
      ...{ PATH: process.env.PATH, HOME: folder.path, RENDERFARM_CONFIG_DIR: join(folder.path, "config") },
      ...{ RENDERFARM_CACHE_DIR: join(folder.path, "cache"), ...env },
    },
    extendEnv: false,
    reject: false,
    input,
  });
}

test("--help lists the flags of a render on stdout", async () => {
  const { exitCode, stdout, stderr } = await renderfarm(["--help"]);
  expect([exitCode, stderr]).toEqual([0, ""]);
  for (const flag of [
    ...["--blend", "--output", "--frames", "--scene", "--fps", "--order", "--nodes", "--blender-version"],
    ...["--mix-versions", "--keep-frames", "--overwrite", "--yes", "--json", "--log-level", "--local", "--missing"],
  ]) {
    expect(stdout).toContain(flag);
  }
});

test("--version prints the version of the package", async () => {
  const { exitCode, stdout } = await renderfarm(["--version"]);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+$/);
});

describe("exit code 2 and a line on stderr for", () => {
  test.each([
    ["an unknown flag, with a suggestion", ["--fram", "1"], /--frames/],
    ["an invalid choice", ["scene.blend", "-o", "a.mp4", "--order", "random"], /sequential/],
    ["no output", ["scene.blend"], /--output/],
    ["a missing blendfile", ["none.blend", "-o", "a.mp4"], /none\.blend/],
    ["a file that is not a blendfile", ["text.blend", "-o", "a.mp4"], /text\.blend/],
    ["an unknown kind of output", ["scene.blend", "-o", "a.xyz"], /\.xyz/],
    ["an invalid frame range", ["scene.blend", "-o", "a.mp4", "--frames", "5-1"], /5-1/],
    ["two blendfiles", ["scene.blend", "--blend", "b.blend", "-o", "a.mp4"], /b\.blend/],
    ["--local together with --nodes", ["scene.blend", "-o", "a.mp4", "--local", "--nodes", "a"], /--nodes/],
    ["slots that are not a number", ["scene.blend", "-o", "a.mp4", "--slots", "many"], /--slots/],
    ["a missing key file", ["scene.blend", "-o", "a.mp4", "--key-file", "none"], /none/],
  ])("%s", async (_, args, words) => {
    const { exitCode, stdout, stderr } = await renderfarm(args);
    expect(stderr).toMatch(words);
    expect(stderr).not.toMatch(/ at .*\.js:\d+/); // a stack trace is only for bugs
    expect([exitCode, stdout]).toEqual([2, ""]);
  });
});

test("without FFmpeg the exit code is 5, and the error says how to get it", async () => {
  const { exitCode, stderr } = await renderfarm(["scene.blend", "-o", "a.mp4"], { PATH: folder.path });
  expect(stderr).toMatch(/FFmpeg/);
  expect(exitCode).toBe(5);
});

test("with --local and no Blender the exit code is 3, the error says how to get one, and --json ends with job:failed", async () => {
  const args = ["scene.blend", "-o", "a.mp4", "--local", "--blender", join(folder.path, "no-blender"), "--json"];
  const { exitCode, stdout, stderr } = await renderfarm(args);
  const events = stdout.split("\n").map((line) => JSON.parse(line));
  expect(events.at(-1)).toMatchObject({
    ...{ type: "job:failed", code: "FARM_NO_BLENDER", hint: expect.stringContaining("Install Blender") },
  });
  expect(Object.keys(events.at(-1))).toEqual(["type", "at", "code", "message", "hint"]);
  expect(events.every(({ type, at }) => typeof type === "string" && !Number.isNaN(Date.parse(at)))).toBe(true);
  expect(stderr).toContain("no-blender");
  expect(exitCode).toBe(3);
});

test("a guessable key is refused wherever it comes from, and is not saved", async () => {
  const weak = "PASSWORDPASSWORDPASSWORDPASSWORD";
  await writeFile(join(folder.path, "weak"), weak);
  for (const [args, env, input] of [
    [["key", "set"], {}, weak],
    [["scene.blend", "-o", "a.mp4"], { RENDERFARM_KEY: weak }, ""],
    [["scene.blend", "-o", "a.mp4", "--key-file", "weak"], {}, ""],
    [["key", "show", "--reveal", "--key-file", "weak"], {}, ""],
  ] as const) {
    const { exitCode, stdout, stderr } = await renderfarm(args, env, input);
    expect(stderr).toMatch(/repeats its first 8 letters, so it can be guessed\n {2}.*key make/);
    expect(stdout + stderr).not.toContain(weak);
    expect(exitCode).toBe(2);
  }
  expect(existsSync(join(folder.path, "config", "key"))).toBe(false);
});

test("an invalid key is refused without being shown", async () => {
  const key = "THIS-IS-NOT-A-GOOD-KEY-0189";
  const { exitCode, stdout, stderr } = await renderfarm(["scene.blend", "-o", "a.mp4"], { RENDERFARM_KEY: key });
  expect(exitCode).toBe(2);
  expect(stderr).toContain("RENDERFARM_KEY");
  expect(stdout + stderr).not.toContain(key);
});
