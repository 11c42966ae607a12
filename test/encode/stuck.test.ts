import { open, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { Encoder } from "../../src/encode/encoder.ts";
import { FfmpegProcess } from "../../src/encode/ffmpeg/ffmpeg-process.ts";
import { findFfmpeg } from "../../src/encode/ffmpeg/ffmpeg-tools.ts";
import { probeVideo } from "../../src/encode/ffmpeg/probe.ts";
import { makeGif } from "../../src/encode/gif-encoder.ts";
import { Poster } from "../../src/encode/poster.ts";
import { askProgram } from "../../src/system/programs/ask-program.ts";
import { type FrameFolder, makeFrames, videoFormatOf } from "../support/ffmpeg.ts";
import { isRunning } from "../support/processes.ts";
import { skipBecause } from "../support/skip.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { waitFor } from "../support/wait-for.ts";

const limits = vi.hoisted(() => ({ probeMs: [] as (number | undefined)[], silentFile: "" }));

// A test cannot wait for minutes: scripts get short limits. The real programs keep theirs, and no limit stays none.
vi.mock("../../src/system/programs/ask-program.ts", async (original) => {
  const { askProgram } = await original<typeof import("../../src/system/programs/ask-program.ts")>();
  const short: typeof askProgram = (program, args, options) => {
    if (!args.includes("-count_packets")) return askProgram(program, args, options);
    limits.probeMs.push(options.timeoutMs);
    return askProgram(
      program,
      args,
      program === "ffprobe" ? options : { ...options, timeoutMs: options.timeoutMs && 500 },
    );
  };
  return { askProgram: short };
});
vi.mock("../../src/encode/ffmpeg/ffmpeg-process.ts", async (original) => {
  const { FfmpegProcess } = await original<typeof import("../../src/encode/ffmpeg/ffmpeg-process.ts")>();
  const start: typeof FfmpegProcess.start = (ffmpeg, args, options) =>
    FfmpegProcess.start(ffmpeg, args, ffmpeg === "ffmpeg" ? options : { ...options, stuckMs: 500 });
  return { FfmpegProcess: { start } };
});
// Like a network share that is gone: it does not even report the size of a file.
vi.mock("node:fs/promises", async (original) => {
  const actual = await original<typeof import("node:fs/promises")>();
  const stat = (path: string) => (path === limits.silentFile ? new Promise(() => {}) : actual.stat(path));
  return { ...actual, stat };
});

const jobId = "0123456789abcdef0123456789abcdef";
const size = { width: 64, height: 48 };
const stream = { rate: { numerator: 24, denominator: 1 }, depth: 8, colorMode: "RGB", ...size } as const;

/** A shell script. Its function `note` records process ids, which `running` counts while they live. */
async function script(folder: string, name: string, text: string) {
  const [path, log] = [join(folder, name), join(folder, `${name}.pids`)];
  await writeFile(path, `#!/bin/sh\nnote() { echo "$1" >> '${log}'; }\n${text}\n`, { mode: 0o755 });
  const pids = async () => (await readFile(log, "utf8").catch(() => "")).split("\n").filter(Boolean).map(Number);
  const running = async () => (await Promise.all((await pids()).map(isRunning))).filter(Boolean).length;
  return { path, pids, running };
}

async function leftIn(folder: FrameFolder): Promise<string[]> {
  return (await readdir(folder.folder)).filter((name) => !name.endsWith(".png") && !name.startsWith("ff"));
}

const noSh = process.platform === "win32" ? "the hanging programs here are shell scripts" : undefined;

describe.skipIf(skipBecause(noSh))("a program that hangs", () => {
  test("is ended after its timeout, with the programs that it has started", async () => {
    await using folder = await makeTemporaryFolder();
    const { path, running } = await script(folder.path, "asked", "sleep 600 & note $!; note $$; wait");
    expect(await askProgram(path, [], { timeoutMs: 300 })).toMatchObject({
      failed: true,
      why: expect.stringContaining("did not answer within"),
    });
    expect(await running()).toBe(0);
  });

  test("is ended when the question is aborted", async () => {
    await using folder = await makeTemporaryFolder();
    const { path, pids, running } = await script(folder.path, "asked", "sleep 600 & note $!; note $$; wait");
    const controller = new AbortController();
    const asked = askProgram(path, [], { timeoutMs: 60_000, signal: controller.signal });
    asked.catch(() => {}); // awaited below
    await waitFor(async () => (await pids().catch(() => [])).length === 2, "both programs to be started");
    controller.abort(new Error("never mind"));
    await expect(asked).rejects.toThrow("never mind");
    expect(await running()).toBe(0);
  });

  test("is left behind if it cannot be ended, asked or encoding", async () => {
    await using folder = await makeFrames({ count: 1, ...size });
    // A process in another group is not ended with it, and keeps its output open.
    const text = "setsid sleep 60 & note $!; note $$; exec sleep 60";
    const { path, pids, running } = await script(folder.folder, "ffmpeg", text);
    try {
      const asking = askProgram(path, [], { timeoutMs: 300 });
      const process = FfmpegProcess.start(path, [], { again: "do this" });
      const finishing = process.finish("while it was stuck");
      await expect(asking).resolves.toMatchObject({ failed: true });
      await expect(finishing).rejects.toMatchObject({
        code: "FARM_FFMPEG_EXITED",
        hint: expect.stringContaining("do this"),
      });
      await process[Symbol.asyncDispose]();
      expect(await running()).toBe(2);
    } finally {
      for (const pid of await pids()) if (await isRunning(pid)) process.kill(pid, "SIGKILL");
    }
  });
});

describe.skipIf(skipBecause(noSh))("nothing waits forever", () => {
  test("for ffprobe: an unprobed video does not count as complete", async () => {
    await using folder = await makeFrames({ count: 1, ...size });
    const { path: ffprobe, running } = await script(folder.folder, "ffprobe", "note $$; exec sleep 600");
    const tools = { ...(await findFfmpeg()), ffprobe };
    const output = join(folder.folder, "out.mp4");
    await using encoder = await Encoder.open({
      ...{ tools, output, jobId, again: "do this", format: videoFormatOf(output), ...stream },
    });
    await encoder.write(folder.frames[0] ?? "");
    await expect(encoder.finish(1)).rejects.toMatchObject({
      code: "FARM_VIDEO_INCOMPLETE",
      message: expect.stringContaining("did not answer within"),
      hint: expect.stringContaining("do this"),
    });
    await encoder[Symbol.asyncDispose]();
    expect(await running()).toBe(0);
    expect(await leftIn(folder)).toEqual([]);
  });

  test("and probing a large video may take as long as a slow disk needs", async () => {
    await using folder = await makeTemporaryFolder();
    const path = join(folder.path, "large.mp4");
    const file = await open(path, "w");
    await file.truncate(10e9);
    await file.close();
    limits.probeMs.length = 0;
    await expect(probeVideo(await findFfmpeg(), path)).rejects.toMatchObject({ code: "FARM_VIDEO_INCOMPLETE" });
    await expect(probeVideo(await findFfmpeg(), "/no/video.mp4")).rejects.toThrow("No such file");
    const [large = 0, none = 0] = limits.probeMs;
    expect(none).toBeGreaterThanOrEqual(60_000);
    expect(large).toBeGreaterThanOrEqual(none + 10e9 / 2e6);
    expect(large).toBeLessThan(24 * 3_600_000);
  });

  test("for a poster", async () => {
    await using folder = await makeFrames({ count: 1, ...size });
    const { path: ffmpeg, running } = await script(folder.folder, "ffmpeg", "note $$; exec sleep 600");
    const tools = { ...(await findFfmpeg()), ffmpeg };
    const options = { path: join(folder.folder, "poster.jpg"), tools, jobId, overwrite: false, again: "do this" };
    await expect(Poster.make(folder.frames[0] ?? "", options)).rejects.toMatchObject({
      code: "FARM_FFMPEG_EXITED",
      message: expect.stringContaining("did nothing for"),
      hint: expect.stringContaining("do this"),
    });
    expect(await running()).toBe(0);
    expect(await leftIn(folder)).toEqual([]);
  });

  test.each([
    ["first", "*palettegen*) cat >/dev/null; note $$; exec sleep 600;;"],
    ["second", "*paletteuse*) note $$; exec sleep 600;; *) cat >/dev/null;;"],
  ])("for the %s pass of a GIF", async (_, cases) => {
    await using folder = await makeFrames({ count: 3, ...size });
    const { path: ffmpeg, running } = await script(folder.folder, "ffmpeg", `case "$*" in ${cases} esac`);
    const tools = { ...(await findFfmpeg()), ffmpeg };
    const options = { tools, output: join(folder.folder, "out.gif"), jobId, frames: folder.frames, ...stream };
    await expect(makeGif(options)).rejects.toMatchObject({
      code: "FARM_FFMPEG_EXITED",
      message: expect.stringContaining("did nothing for"),
    });
    expect(await running()).toBe(0);
    expect(await leftIn(folder)).toEqual([]);
  });

  test("for an FFmpeg whose disk does not respond, nor for that disk", async () => {
    await using folder = await makeTemporaryFolder();
    const { path } = await script(folder.path, "ffmpeg", "note $$; exec sleep 600");
    limits.silentFile = join(folder.path, "out.mp4");
    await using process = FfmpegProcess.start(path, [], { target: limits.silentFile });
    await expect(process.finish("while it was stuck")).rejects.toMatchObject({
      message: expect.stringContaining("did nothing for"),
    });
  });
});
