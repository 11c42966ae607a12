import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test, vi } from "vitest";
import { encodeFolder } from "../../src/farm/encode-folder.ts";
import { FaultFarm, range } from "../support/fault-farm.ts";
import { isRunning } from "../support/ffmpeg.ts";

// Five minutes without a sign of life are long for a test.
vi.mock("../../src/encode/ffmpeg-process.ts", async (original) => {
  const { FfmpegProcess } = await original<typeof import("../../src/encode/ffmpeg-process.ts")>();
  const start: typeof FfmpegProcess.start = (ffmpeg, args, options) =>
    FfmpegProcess.start(ffmpeg, args, { ...options, stuckMs: 1_000 });
  return { FfmpegProcess: { start } };
});

interface TestedFfmpeg {
  readonly path: string;
  /** Of every encoding FFmpeg so far, in order. */
  pids(): Promise<number[]>;
  /** Waits for the first of them. */
  firstPid(): Promise<number>;
  /** Changes what it does when it is to encode: lines of sh. */
  encodes(script: string): Promise<void>;
}

/** The real FFmpeg behind a script that lets a test disturb it. */
async function testedFfmpeg(farm: FaultFarm, script = 'exec ffmpeg "$@"'): Promise<TestedFfmpeg> {
  const folder = farm.path("tools");
  await mkdir(folder);
  const [path, log] = [join(folder, "ffmpeg"), farm.path("pids")];
  const { stdout: probe } = await execa("sh", ["-c", "command -v ffprobe"]);
  await symlink(probe, join(folder, "ffprobe"));
  const encodes = (lines: string) =>
    writeFile(
      path,
      `#!/bin/sh
case "$*" in *" -i "*) ;; *) exec ffmpeg "$@" ;; esac
echo $$ >> '${log}'
${lines}
`,
      { mode: 0o755 },
    );
  await encodes(script);
  const pids = async () => (await readFile(log, "utf8").catch(() => "")).trim().split("\n").filter(Boolean).map(Number);
  const firstPid = async () => {
    for (;;) {
      const [pid] = await pids();
      if (pid !== undefined) return pid;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  return { path, pids, firstPid, encodes };
}

/** Expects no encoder that still runs, and no unfinished video. */
async function expectNothingLeft(farm: FaultFarm, ffmpeg: TestedFfmpeg): Promise<void> {
  for (const pid of await ffmpeg.pids()) expect(await isRunning(pid)).toBe(false);
  const names = (await readdir(farm.path("."))).filter((name) => name.startsWith("out.") || name.startsWith(".out"));
  expect(names.filter((name) => name !== "out.mp4" && name !== "out.mp4.renderfarm")).toEqual([]);
}

test("missing: said before any node is asked", async () => {
  await using farm = await FaultFarm.open();
  const node = await farm.start();
  const run = farm.run([node], { frames: "1-8", ffmpeg: farm.path("no-such-ffmpeg") });
  await expect(run.result).rejects.toMatchObject({
    code: "FARM_FFMPEG_MISSING",
    exitCode: 5,
    hint: expect.stringMatching(/install/i),
  });
  expect(node.node.links).toBe(0);
});

const disturbances: [what: string, signal: "SIGKILL" | "SIGSTOP" | "SIGSEGV"][] = [
  ["killed", "SIGKILL"],
  ["crashed", "SIGSEGV"],
  ["stuck", "SIGSTOP"],
];

test.each(disturbances)("%s in the middle: the video is made of the stored frames at the end", async (_, signal) => {
  await using farm = await FaultFarm.open();
  const ffmpeg = await testedFfmpeg(farm);
  const node = await farm.start();
  node.node.options.beforeFrame = async (frame) => {
    if (frame !== 5) return;
    process.kill(await ffmpeg.firstPid(), signal);
  };
  const run = farm.run([node], { frames: "1-8", ffmpeg: ffmpeg.path });
  expect(await run.completed()).toMatchObject({ frames: 8 });
  expect((await ffmpeg.pids()).length).toBe(2);
  await farm.expectFilm(range(1, 8));
  await expectNothingLeft(farm, ffmpeg);
});

const failures: [what: string, script: string, says: RegExp][] = [
  ["failing on a codec", 'echo "[libx264] broken preset" >&2; exit 1', /broken preset/],
  ["killed each time", "kill -9 $$", /SIGKILL/],
  ["stuck each time", "echo 'waiting for a license' >&2; exec sleep 600", /waiting for a license/],
  ["ending well without a video", "cat > /dev/null; exit 0", /./],
];

test.each(failures)(
  "%s: frames are safe, its last words are in the error, and `encode` finishes without rendering",
  async (_, script, says) => {
    await using farm = await FaultFarm.open();
    const ffmpeg = await testedFfmpeg(farm, script);
    const node = await farm.start();
    const run = farm.run([node], { frames: "1-8", ffmpeg: ffmpeg.path, keepFrames: false });
    await expect(run.result).rejects.toMatchObject({
      exitCode: 5,
      message: expect.stringMatching(says),
      hint: expect.stringMatching(/renderfarm encode ".*out\.mp4\.renderfarm"|run the same command again/),
    });
    expect(await farm.recordedFrames()).toEqual(range(1, 8));
    await expectNothingLeft(farm, ffmpeg);
    const links = node.node.links;

    await ffmpeg.encodes('exec ffmpeg "$@"');
    const made = await encodeFolder(`${farm.output}.renderfarm`, {
      ...{ overwrite: false, ffmpeg: ffmpeg.path, onEvent: () => {}, signal: new AbortController().signal },
    });
    expect(made).toMatchObject({ output: farm.output, frames: 8 });
    expect(node.node.links).toBe(links);
    await farm.expectFilm(range(1, 8));
    await expectNothingLeft(farm, ffmpeg);

    // The same command does it as well, when the video is not there.
    await rm(farm.output);
    await farm.run([node], { frames: "1-8", ffmpeg: ffmpeg.path }).completed();
    expect(node.node.links).toBe(links);
    await farm.expectFilm(range(1, 8));
  },
);
