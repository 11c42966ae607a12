import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { encodeFolder } from "../../src/farm/output/encode-folder.ts";
import { whyNoDisk } from "../frames/small-disk.ts";
import { mountSmallDisk } from "../support/lab/fault-disk.ts";
import { range, ScriptedFarm } from "../support/nodes/scripted-farm.ts";
import { isRunning } from "../support/processes.ts";
import { skipBecause } from "../support/skip.ts";
import { waitFor } from "../support/wait-for.ts";

// Minutes without progress are too long for a test. No limit stays none.
vi.mock("../../src/system/programs/ask-program.ts", async (original) => {
  const { askProgram } = await original<typeof import("../../src/system/programs/ask-program.ts")>();
  const short: typeof askProgram = (program, args, options) =>
    askProgram(program, args, { ...options, timeoutMs: options.timeoutMs && Math.min(options.timeoutMs, 5_000) });
  return { askProgram: short };
});
vi.mock("../../src/encode/ffmpeg/ffmpeg-process.ts", async (original) => {
  const { FfmpegProcess } = await original<typeof import("../../src/encode/ffmpeg/ffmpeg-process.ts")>();
  const start: typeof FfmpegProcess.start = (ffmpeg, args, options) =>
    FfmpegProcess.start(ffmpeg, args, { ...options, stuckMs: 1_000 });
  return { FfmpegProcess: { start } };
});

interface TestedFfmpeg {
  readonly path: string;
  /** Process ids of all encoding FFmpegs so far, in order; without those that only tested frames. */
  pids(): Promise<number[]>;
  /** Waits for the first of them. */
  firstPid(): Promise<number>;
  /** Sets the shell lines that run when it has to encode. */
  encodes(script: string): Promise<void>;
  /** Sets the shell lines that run when its ffprobe has to check a video. */
  probes(script: string): Promise<void>;
}

/** Undisturbed behaviour. */
const honest = { ffmpeg: 'exec ffmpeg "$@"', ffprobe: 'exec ffprobe "$@"' };

/** The real FFmpeg behind a script that lets a test disturb it. */
async function testedFfmpeg(farm: ScriptedFarm, script = honest.ffmpeg): Promise<TestedFfmpeg> {
  const folder = farm.path("tools");
  await mkdir(folder);
  const [path, log] = [join(folder, "ffmpeg"), farm.path("pids")];
  const disturb = (name: string, work: string, lines: string) => {
    const text = `#!/bin/sh\ncase "$*" in ${work}) ;; *) exec ${name} "$@" ;; esac\n${lines}\n`;
    return writeFile(join(folder, name), text, { mode: 0o755 });
  };
  const count = `case "$*" in *"-f null"*) ;; *) echo $$ >> '${log}' ;; esac`;
  const encodes = (lines: string) => disturb("ffmpeg", '*" -i "*', `${count}\n${lines}`);
  const probes = (lines: string) => disturb("ffprobe", "*count_packets*", lines);
  await encodes(script);
  await probes(honest.ffprobe);
  const pids = async () => (await readFile(log, "utf8").catch(() => "")).trim().split("\n").filter(Boolean).map(Number);
  const firstPid = async () => {
    await waitFor(async () => (await pids()).length > 0, "an encoding FFmpeg");
    return (await pids())[0] ?? expect.fail();
  };
  return { path, pids, firstPid, encodes, probes };
}

const encodeOptions = { overwrite: false, onEvent: () => {}, signal: new AbortController().signal };

/** Expects no running encoder and no unfinished video. */
async function expectNothingLeft(farm: ScriptedFarm, ffmpeg: TestedFfmpeg): Promise<void> {
  for (const pid of await ffmpeg.pids()) expect(await isRunning(pid)).toBe(false);
  const names = (await readdir(farm.path("."))).filter((name) => name.startsWith("out.") || name.startsWith(".out"));
  expect(names.filter((name) => name !== "out.mp4" && name !== "out.mp4.renderfarm")).toEqual([]);
}

test("missing: reported before any node is contacted", async () => {
  await using farm = await ScriptedFarm.open();
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
  ["frozen", "SIGSTOP"],
];

test.each(disturbances)("%s during the job: the video is made from the stored frames at the end", async (_, signal) => {
  await using farm = await ScriptedFarm.open();
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

const failures: [what: string, scripts: Partial<typeof honest>, says: RegExp][] = [
  ["failing on a codec", { ffmpeg: 'echo "[libx264] broken preset" >&2; exit 1' }, /broken preset/],
  ["killed each time", { ffmpeg: "kill -9 $$" }, /SIGKILL/],
  ["hanging each time", { ffmpeg: "echo 'waiting for a license' >&2; exec sleep 600" }, /waiting for a license/],
  ["exiting with 0 but without a video", { ffmpeg: "cat > /dev/null; exit 0" }, /./],
  [
    "its ffprobe hanging each time",
    { ffprobe: "sleep 600" },
    /ffprobe cannot read it \(it did not answer within 5 s\)/,
  ],
];

test.each(failures)(
  "%s: frames are kept, the error has FFmpeg's last output, and `encode` finishes without rendering",
  async (_, scripts, says) => {
    await using farm = await ScriptedFarm.open();
    const ffmpeg = await testedFfmpeg(farm, scripts.ffmpeg ?? honest.ffmpeg);
    await ffmpeg.probes(scripts.ffprobe ?? honest.ffprobe);
    const node = await farm.start();
    const run = farm.run([node], { frames: "1-8", ffmpeg: ffmpeg.path, keepFrames: false });
    await expect(run.result).rejects.toMatchObject({
      exitCode: 5,
      message: expect.stringMatching(says),
      hint: expect.stringMatching(/renderfarm encode '.*out\.mp4\.renderfarm'|run the same command again/),
    });
    expect(await farm.recordedFrames()).toEqual(range(1, 8));
    await expectNothingLeft(farm, ffmpeg);
    const links = node.node.links;

    await ffmpeg.encodes(honest.ffmpeg);
    await ffmpeg.probes(honest.ffprobe);
    const made = await encodeFolder(`${farm.output}.renderfarm`, { ...encodeOptions, ffmpeg: ffmpeg.path });
    expect(made).toMatchObject({ output: farm.output, frames: 8 });
    expect(node.node.links).toBe(links);
    await farm.expectFilm(range(1, 8));
    await expectNothingLeft(farm, ffmpeg);

    // The same command also makes the video if it is missing.
    await rm(farm.output);
    await farm.run([node], { frames: "1-8", ffmpeg: ffmpeg.path }).completed();
    expect(node.node.links).toBe(links);
    await farm.expectFilm(range(1, 8));
  },
);

describe.skipIf(skipBecause(await whyNoDisk()))("a disk that runs full while FFmpeg encodes", () => {
  const hint = /Free space for (.*) \((about|more than) [\d.]+ MB needed, [\d.]+ k?B free\); .*frames are kept/;

  test("the job's disk: frames are kept, and with space `encode` finishes without rendering", async () => {
    await using farm = await ScriptedFarm.open();
    await using disk = await mountSmallDisk(farm.path("small"), 1);
    const [output, full] = [join(disk.path, "out.mp4"), farm.path("full")];
    // FFmpeg gets every frame, but its input stays open until the disk is full: it still holds most of the video.
    const slow = `(cat; while [ ! -e '${full}' ]; do sleep 0.05; done) | ffmpeg "$@"`;
    const ffmpeg = await testedFfmpeg(farm, slow);
    const node = await farm.start();
    const run = farm.run([node], { frames: "1-48", output, crf: 1, ffmpeg: ffmpeg.path });
    const allStored = new Promise<void>((resolve) => {
      run.onEvent = () => run.all("frame:stored").length === 48 && resolve();
    });
    await Promise.race([allStored, run.result]);
    await disk.fill();
    await writeFile(full, "");
    await expect(run.result).rejects.toMatchObject({
      ...{ code: "FARM_FFMPEG_EXITED", exitCode: 5, message: expect.stringContaining("No space left on device") },
      hint: expect.stringMatching(new RegExp(`${hint.source}.*renderfarm encode '.*out\\.mp4\\.renderfarm'`)),
    });
    expect((await readdir(disk.path)).sort()).toEqual(["filler", "out.mp4.renderfarm"]);
    expect(await farm.recordedFrames(output)).toEqual(range(1, 48));

    await disk.empty();
    const made = await encodeFolder(`${output}.renderfarm`, encodeOptions);
    expect(made).toMatchObject({ output, frames: 48 });
    expect(made.sizeBytes).toBeGreaterThan(8192); // otherwise the rest of its first block would have been enough
    expect(node.node.rendered.length).toBe(48);
    await farm.expectFilm(range(1, 48), output);
  });

  test("the disk of another output: reported, nothing is left there, and with space the video is made", async () => {
    await using farm = await ScriptedFarm.open();
    const node = await farm.start();
    await farm.run([node], { frames: "1-48", crf: 1 }).completed();
    await using disk = await mountSmallDisk(farm.path("small"), 1);
    await disk.fill();
    const output = join(disk.path, "again.mp4");
    const encoding = () => encodeFolder(`${farm.output}.renderfarm`, { ...encodeOptions, output });
    await expect(encoding()).rejects.toMatchObject({
      ...{ code: "FARM_FFMPEG_EXITED", hint: expect.stringMatching(hint) },
    });
    expect(await readdir(disk.path)).toEqual(["filler"]);
    await disk.empty();
    expect(await encoding()).toMatchObject({ output, frames: 48 });
    await farm.expectFilm(range(1, 48));
  });
});
