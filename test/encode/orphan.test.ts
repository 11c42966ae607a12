import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compileSources } from "../support/compile-sources.ts";
import { makeFrames } from "../support/ffmpeg.ts";
import { isRunning } from "../support/processes.ts";

test("no FFmpeg outlives a killed coordinator, and its part file is not the video", async () => {
  await using folder = await makeFrames({ count: 1 });
  const program = await compileSources("test/encode/endless-encode.mjs", join(folder.folder, "program"));
  const videos = join(folder.folder, "videos");
  await using coordinator = startProgram([program, folder.frames[0] ?? "", join(videos, "out.mp4")]);
  const [said] = await once(coordinator.process.stdout, "data");
  const ffmpeg = Number.parseInt(String(said), 10);
  expect(await isRunning(ffmpeg)).toBe(true);

  coordinator.process.kill("SIGKILL");
  await coordinator.ended;

  await expect.poll(() => isRunning(ffmpeg), { timeout: 15_000 }).toBe(false);
  expect(await readdir(videos)).toEqual([".out.mp4.01234567.part"]);
}, 60_000);

function startProgram(args: readonly string[]) {
  const running = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(running, "exit");
  const dispose = async () => {
    running.kill("SIGKILL");
    await ended;
  };
  return { process: running, ended, [Symbol.asyncDispose]: dispose };
}
