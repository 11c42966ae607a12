import { createReadStream } from "node:fs";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { Encoder, type EncoderOptions } from "../../src/encode/encoder.ts";
import { encodeArguments } from "../../src/encode/ffmpeg/ffmpeg-arguments.ts";
import { type FfmpegTools, findFfmpeg } from "../../src/encode/ffmpeg/ffmpeg-tools.ts";
import { type FrameFolder, makeFrames, streamMd5, videoFormatOf } from "../support/ffmpeg.ts";
import { isRunning } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";

const jobId = "0123456789abcdef0123456789abcdef";
let tools: FfmpegTools;
const pids: (number | undefined)[] = [];

beforeAll(async () => {
  tools = await findFfmpeg();
});
afterEach(async () => {
  for (const pid of pids.splice(0)) expect(await isRunning(pid), `FFmpeg ${pid} was left behind`).toBe(false);
});

function optionsFor(folder: FrameFolder, name: string): EncoderOptions {
  const rate = { numerator: 24, denominator: 1 };
  const output = join(folder.folder, name);
  return {
    tools,
    output,
    format: videoFormatOf(name),
    ...{ rate, jobId, width: 64, height: 48, depth: 8, colorMode: "RGB" },
  };
}

async function openEncoder(options: EncoderOptions): Promise<Encoder> {
  const encoder = await Encoder.open(options);
  pids.push(encoder.pid);
  return encoder;
}

/** Files in the folder other than the frames. */
async function leftIn(folder: FrameFolder): Promise<string[]> {
  return (await readdir(folder.folder)).filter((name) => !name.endsWith(".png"));
}

async function probe(path: string, entries: string): Promise<Record<string, string>> {
  const args = ["-v", "error", "-count_frames", "-show_entries", `stream=${entries}`, "-of", "json", path];
  return JSON.parse((await execa(tools.ffprobe, args)).stdout).streams[0];
}

describe("Encoder makes the video", () => {
  test.each(["out.mp4", "out.mkv"])("that a single FFmpeg run over the same frames makes: %s", async (name) => {
    await using folder = await makeFrames({ count: 30 });
    const options = optionsFor(folder, name);
    await using encoder = await openEncoder(options);
    for (const frame of folder.frames) await encoder.write(frame);
    const video = await encoder.finish(30);

    // Reads the files directly, with the same settings.
    const args = encodeArguments(options, join(folder.folder, `plain-${name}`));
    args.splice(args.indexOf("image2pipe"), 1, "image2");
    args.splice(args.indexOf("pipe:0"), 1, join(folder.folder, "%04d.png"));
    await execa(tools.ffmpeg, args);
    expect(await streamMd5(options.output)).toBe(await streamMd5(join(folder.folder, `plain-${name}`)));
    const { size } = await stat(options.output);
    expect(video).toEqual({ output: options.output, frames: 30, sizeBytes: size });
    expect(await leftIn(folder)).toEqual([name, `plain-${name}`]);
  });

  test.each(["out.mp4", "out.mkv"])("with Rec.709 pixels and tags, at an exact rate: %s", async (name) => {
    await using folder = await makeFrames({ count: 1 });
    const red = join(folder.folder, "red.png");
    await execa("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "color=red:s=64x48", "-frames:v", "1", red]);
    const options = { ...optionsFor(folder, name), rate: { numerator: 30000, denominator: 1001 } };
    await using encoder = await openEncoder(options);
    for (let frame = 0; frame < 5; frame++) await encoder.write(red);
    await encoder.finish(5);

    const tags = "color_range,color_space,color_primaries,color_transfer,pix_fmt,r_frame_rate,nb_read_frames";
    expect(await probe(options.output, tags)).toMatchObject({
      color_range: "tv",
      color_space: "bt709",
      color_primaries: "bt709",
      color_transfer: "bt709",
      pix_fmt: "yuv420p",
      r_frame_rate: "30000/1001",
      nb_read_frames: "5",
    });
    const raw = ["-v", "error", "-i", options.output, "-frames:v", "1", "-f", "rawvideo", "-"];
    const pixels = (await execa("ffmpeg", raw, { encoding: "buffer" })).stdout;
    const [y, u, v] = [pixels[0], pixels[64 * 48], pixels[64 * 48 * 1.25]];
    expect([Math.abs((y ?? 0) - 63), Math.abs((u ?? 0) - 102), Math.abs((v ?? 0) - 240)].every((d) => d <= 1)).toBe(
      true,
    );
  });

  test("of odd sizes, with the last column and row repeated", async () => {
    await using folder = await makeFrames({ count: 3, width: 63, height: 47 });
    const white = join(folder.folder, "white.png");
    await execa("ffmpeg", [
      "-v",
      "error",
      "-f",
      "lavfi",
      "-i",
      "color=white:s=64x48,format=rgb24,crop=63:47",
      "-frames:v",
      "1",
      white,
    ]);
    const options = { ...optionsFor(folder, "odd.mp4"), width: 63, height: 47 };
    await using encoder = await openEncoder(options);
    for (let frame = 0; frame < 3; frame++) await encoder.write(white);
    await encoder.finish(3);

    expect(await probe(options.output, "width,height")).toMatchObject({ width: 64, height: 48 });
    const raw = ["-v", "error", "-i", options.output, "-frames:v", "1", "-pix_fmt", "gray", "-f", "rawvideo", "-"];
    const pixels = (await execa("ffmpeg", raw, { encoding: "buffer" })).stdout;
    expect(Math.min(...pixels)).toBeGreaterThan(225); // white is 235; a dark edge would be far darker
  });

  test.each(["rgb48be", "gray"] as const)("of a single %s frame", async (pixelFormat) => {
    await using folder = await makeFrames({ count: 1, pixelFormat });
    for (const name of ["a.mp4", "a.mkv"]) {
      await using encoder = await openEncoder(optionsFor(folder, name));
      await encoder.write(folder.frames[0] ?? "");
      expect((await encoder.finish(1)).frames).toBe(1);
    }
  });
});

test.each([
  [1, 3],
  [25, 2],
  [100, 37],
  [99983, 4166],
  [10000, 9999],
  [120000, 1001],
  [240, 1],
])("Encoder supports unusual rates: %d/%d", async (numerator, denominator) => {
  await using folder = await makeFrames({ count: 7 });
  for (const name of ["out.mp4", "out.mkv"]) {
    await using encoder = await openEncoder({ ...optionsFor(folder, name), rate: { numerator, denominator } });
    for (const frame of folder.frames) await encoder.write(frame);
    expect((await encoder.finish(7)).frames).toBe(7);
  }
});

describe("Encoder leaves nothing behind", () => {
  test("when it is disposed of while encoding", async () => {
    await using folder = await makeFrames({ count: 5 });
    {
      await using encoder = await openEncoder(optionsFor(folder, "out.mp4"));
      for (const frame of folder.frames) await encoder.write(frame);
    }
    expect(await leftIn(folder)).toEqual([]);
  });

  test("when it is aborted while a stopped FFmpeg takes nothing", async () => {
    await using folder = await makeFrames({ count: 1, width: 1280, height: 720, pixelFormat: "rgb48be" });
    const controller = new AbortController();
    const options = { ...optionsFor(folder, "out.mp4"), signal: controller.signal };
    await using encoder = await openEncoder({ ...options, width: 1280, height: 720 });
    process.kill(encoder.pid ?? 0, "SIGSTOP");
    let written = 0;
    const writing = (async () => {
      for (;;) {
        await encoder.write(folder.frames[0] ?? "");
        written += 1;
      }
    })();
    writing.catch(() => {}); // awaited below
    let before = -1;
    const isStalled = () => {
      const isSame = written === before;
      before = written;
      return isSame;
    };
    await waitFor(isStalled, "the stopped FFmpeg to take no more");
    controller.abort(new Error("enough"));

    await expect(writing).rejects.toThrow("enough");
    await encoder[Symbol.asyncDispose]();
    expect(await isRunning(encoder.pid)).toBe(false);
    expect(await leftIn(folder)).toEqual([]);
  });

  test("of an earlier, killed job for the same output", async () => {
    await using folder = await makeFrames({ count: 1 });
    const others = [".out.mp4.part", ".out.mp4.0011223x.part", ".out.mkv.00112233.part"];
    for (const name of [".out.mp4.00112233.part", ...others]) await writeFile(join(folder.folder, name), "x");
    await using encoder = await openEncoder(optionsFor(folder, "out.mp4"));
    await encoder[Symbol.asyncDispose]();
    expect(await leftIn(folder)).toEqual(others.sort());
  });

  test("when it was aborted before it started", async () => {
    await using folder = await makeFrames({ count: 1 });
    const signal = AbortSignal.abort(new Error("never mind"));
    await expect(Encoder.open({ ...optionsFor(folder, "out.mp4"), signal })).rejects.toThrow("never mind");
    expect(await leftIn(folder)).toEqual([]);
  });
});

test.runIf(process.platform === "linux")("Ctrl-C in the terminal does not reach FFmpeg", async () => {
  await using folder = await makeFrames({ count: 1 });
  await using encoder = await openEncoder(optionsFor(folder, "out.mp4"));
  const groupOf = async (pid: number | undefined) =>
    Number((await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1]?.split(" ")[2]);
  expect(await groupOf(encoder.pid)).toBe(encoder.pid);
  expect(await groupOf(process.pid)).not.toBe(encoder.pid);
});

describe("Encoder fails with FFmpeg's own message", () => {
  test("when FFmpeg is killed while frames are written", async () => {
    await using folder = await makeFrames({ count: 1 });
    await using encoder = await openEncoder(optionsFor(folder, "out.mp4"));
    await encoder.write(folder.frames[0] ?? "");
    process.kill(encoder.pid ?? 0, "SIGKILL");
    const writing = (async () => {
      for (;;) await encoder.write(folder.frames[0] ?? "");
    })();

    await expect(writing).rejects.toMatchObject({ code: "FARM_FFMPEG_EXITED", signalName: "SIGKILL" });
    await encoder[Symbol.asyncDispose]();
    expect(await leftIn(folder)).toEqual([]);
  });

  test.each(["truncated", "bit flipped"])("when a frame is %s (the store would have refused it)", async (kind) => {
    await using folder = await makeFrames({ count: 10 });
    const broken = folder.frames[4] ?? "";
    const bytes = await readFile(broken);
    if (kind === "truncated") await writeFile(broken, bytes.subarray(0, bytes.length / 2));
    else {
      const at = Math.floor(bytes.length / 2);
      await writeFile(broken, bytes.fill((bytes[at] ?? 0) ^ 16, at, at + 1));
    }
    await using encoder = await openEncoder(optionsFor(folder, "out.mp4"));

    const encoding = (async () => {
      for (const frame of folder.frames) await encoder.write(frame);
      await encoder.finish(10);
    })();
    await expect(encoding).rejects.toMatchObject({
      code: "FARM_FFMPEG_EXITED",
      message: expect.stringMatching(/FFmpeg exited with code \d+ (at|while).*:\n./),
    });
  });

  test("when FFmpeg hangs, and ends it", async () => {
    await using folder = await makeFrames({ count: 1, width: 640, height: 480, pixelFormat: "rgb48be" });
    const options = { ...optionsFor(folder, "out.mp4"), width: 640, height: 480, stuckMs: 300 };
    await using encoder = await openEncoder({ ...options, again: "do this" });
    process.kill(encoder.pid ?? 0, "SIGSTOP");
    const writing = (async () => {
      for (;;) await encoder.write(folder.frames[0] ?? "");
    })();
    await expect(writing).rejects.toMatchObject({
      code: "FARM_FFMPEG_EXITED",
      message: expect.stringContaining("did nothing for"),
      hint: expect.stringContaining("do this"),
    });
    expect(await isRunning(encoder.pid)).toBe(false);
  });

  test("when FFmpeg cannot be started at all", async () => {
    await using folder = await makeFrames({ count: 1 });
    const script = join(folder.folder, "ffmpeg");
    // Passes the check of its encoders, then prints an error and exits.
    const text = 'case "$*" in *-encoders*) echo " V..... libx264 x";; *) echo "out of luck" >&2; exit 3;; esac';
    await writeFile(script, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    const options = { ...optionsFor(folder, "out.mp4"), tools: { ...tools, ffmpeg: script } };
    await using encoder = await openEncoder(options);
    const writing = (async () => {
      for (;;) await encoder.write(folder.frames[0] ?? "");
    })();
    await expect(writing).rejects.toMatchObject({ ffmpegExitCode: 3, message: expect.stringContaining("out of luck") });
  });
});

test("Encoder names the frame file that cannot be read", async () => {
  await using folder = await makeFrames({ count: 1 });
  await using encoder = await openEncoder(optionsFor(folder, "out.mp4"));
  const gone = join(folder.folder, "gone.png");
  await expect(encoder.write(gone)).rejects.toMatchObject({
    code: "FARM_STORE_FAILED",
    message: expect.stringContaining(gone),
  });
});

describe("Encoder never publishes a wrong output", () => {
  test("when frames are missing", async () => {
    await using folder = await makeFrames({ count: 3 });
    await using encoder = await openEncoder(optionsFor(folder, "out.mp4"));
    for (const frame of folder.frames) await encoder.write(frame);
    await expect(encoder.finish(4)).rejects.toMatchObject({ code: "FARM_VIDEO_INCOMPLETE" });
    await encoder[Symbol.asyncDispose]();
    expect(await leftIn(folder)).toEqual([]);
  });

  test("when frames have another size than announced", async () => {
    await using folder = await makeFrames({ count: 3 });
    await using encoder = await openEncoder({ ...optionsFor(folder, "out.mp4"), width: 128 });
    for (const frame of folder.frames) await encoder.write(frame);
    await expect(encoder.finish(3)).rejects.toMatchObject({ code: "FARM_VIDEO_INCOMPLETE" });
  });

  test("when the output exists already, or is created meanwhile", async () => {
    await using folder = await makeFrames({ count: 1 });
    const options = optionsFor(folder, "out.mp4");
    await using encoder = await openEncoder(options);
    await encoder.write(folder.frames[0] ?? "");
    await writeFile(options.output, "mine");

    await expect(encoder.finish(1)).rejects.toMatchObject({ code: "FARM_OUTPUT_EXISTS" });
    await expect(Encoder.open(options)).rejects.toMatchObject({ code: "FARM_OUTPUT_EXISTS" });
    expect(await readFile(options.output, "utf8")).toBe("mine");

    await using second = await openEncoder({ ...options, overwrite: true });
    await second.write(folder.frames[0] ?? "");
    await second.finish(1);
    expect((await stat(options.output)).size).toBeGreaterThan(100);
  });

  test("when the output is a folder, or is below a file", async () => {
    await using folder = await makeFrames({ count: 1 });
    const below = { ...optionsFor(folder, "out.mp4"), output: join(folder.frames[0] ?? "", "out.mp4") };
    await expect(Encoder.open(below)).rejects.toMatchObject({ code: "FARM_OUTPUT_UNWRITABLE" });
    const itself = { ...optionsFor(folder, "out.mp4"), output: folder.folder, overwrite: true };
    await expect(Encoder.open(itself)).rejects.toMatchObject({ code: "FARM_OUTPUT_UNWRITABLE" });
  });
});

test("the index of an mp4 comes before its frames", async () => {
  await using folder = await makeFrames({ count: 2 });
  const options = optionsFor(folder, "out.mp4");
  await using encoder = await openEncoder(options);
  for (const frame of folder.frames) await encoder.write(frame);
  await encoder.finish(2);
  let head = "";
  for await (const piece of createReadStream(options.output, { end: 200_000 })) head += piece.toString("latin1");
  expect(head.indexOf("moov")).toBeLessThan(head.indexOf("mdat"));
});
