import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, test } from "vitest";
import type { VideoCodec } from "../../src/core/video-codec.ts";
import { Encoder, type EncoderOptions, type OutputOptions } from "../../src/encode/encoder.ts";
import { encodeArguments, gifArguments, paletteArguments } from "../../src/encode/ffmpeg/ffmpeg-arguments.ts";
import { encodersOf, type FfmpegTools, findFfmpeg } from "../../src/encode/ffmpeg/ffmpeg-tools.ts";
import { makeGif } from "../../src/encode/gif-encoder.ts";
import { outputFormatOf } from "../../src/encode/output-format.ts";
import { usableFormat } from "../../src/encode/usable-format.ts";
import { type FrameFolder, makeFrames, streamMd5, videoFormatOf } from "../support/ffmpeg.ts";

let tools: FfmpegTools;
beforeAll(async () => {
  tools = await findFfmpeg();
});

const odd = { width: 66, height: 65 };
/** Alpha from 0 to 255 across the picture's width. */
const fading = "format=rgba,geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='min(255,X*4)'";

type Form = Pick<OutputOptions, "width" | "height" | "depth" | "colorMode">;

function settingsFor(folder: FrameFolder, name: string, form: Form): OutputOptions {
  const output = join(folder.folder, name);
  return { tools, output, rate: { numerator: 24, denominator: 1 }, jobId: "0123456789abcdef", ...form };
}

async function encode(folder: FrameFolder, name: string, form: Form, codec?: VideoCodec): Promise<EncoderOptions> {
  const format = await usableFormat(tools, videoFormatOf(name, { codec }));
  const options = { ...settingsFor(folder, name, form), format };
  await using encoder = await Encoder.open(options);
  for (const frame of folder.frames) await encoder.write(frame);
  await encoder.finish(folder.frames.length);
  return options;
}

async function probe(path: string): Promise<Record<string, unknown>> {
  const args = ["-v", "error", "-select_streams", "v:0", "-show_streams", "-of", "json", path];
  return JSON.parse((await execa(tools.ffprobe, args)).stdout).streams[0];
}

/** The first picture's samples. */
async function pixelsOf(path: string, pixelFormat: string, ...decoder: string[]): Promise<Uint8Array> {
  const output = ["-frames:v", "1", "-pix_fmt", pixelFormat, "-f", "rawvideo", "-"];
  const result = await execa("ffmpeg", ["-v", "error", ...decoder, "-i", path, ...output], { encoding: "buffer" });
  return result.stdout;
}

describe("each codec gives the same as a single FFmpeg run over the same frames", () => {
  test.each([
    ["a.mp4", "hevc", { codec_name: "hevc", codec_tag_string: "hvc1", pix_fmt: "yuv420p", width: 66, height: 66 }],
    ["b.mp4", "av1", { codec_name: "av1", pix_fmt: "yuv420p", width: 66, height: 66 }],
    ["c.webm", "vp9", { codec_name: "vp9", pix_fmt: "yuv420p", width: 66, height: 66 }],
    [
      "d.mov",
      "prores",
      { codec_name: "prores", codec_tag_string: "apch", pix_fmt: "yuv422p10le", width: 66, height: 65 },
    ],
    ["e.mov", "hevc", { codec_tag_string: "hvc1" }],
    ["f.mkv", "prores", { codec_name: "prores" }],
  ] as const)("%s as %s", async (name, codec, expected) => {
    await using folder = await makeFrames({ count: 6, ...odd });
    const options = await encode(folder, name, { ...odd, depth: 8, colorMode: "RGB" }, codec);
    const args = encodeArguments(options, join(folder.folder, `plain-${name}`));
    args.splice(args.indexOf("image2pipe"), 1, "image2");
    args.splice(args.indexOf("pipe:0"), 1, join(folder.folder, "%04d.png"));
    await execa(tools.ffmpeg, args);
    expect(await streamMd5(options.output)).toBe(await streamMd5(join(folder.folder, `plain-${name}`)));
    const tags = { color_range: "tv", color_space: "bt709", color_primaries: "bt709", color_transfer: "bt709" };
    expect(await probe(options.output)).toMatchObject({ ...tags, ...expected });
  });

  test.each([
    ["rgb24", 8, "RGB", "rgb24"],
    ["rgb48be", 16, "RGB", "rgb48be"],
    ["gray", 8, "BW", "gray"],
  ] as const)("ffv1 of %s is lossless", async (pixelFormat, depth, colorMode, compared) => {
    await using folder = await makeFrames({ count: 2, ...odd, pixelFormat });
    const options = await encode(folder, "lossless.mkv", { ...odd, depth, colorMode }, "ffv1");
    const first = folder.frames[0] ?? "";
    expect(await pixelsOf(options.output, compared)).toEqual(await pixelsOf(first, compared));
  });
});

describe("alpha", () => {
  test.each([
    ["a.webm", "rgba", 8, ["-c:v", "libvpx-vp9"], 3],
    ["a.mov", "rgba", 8, [], 1],
    ["b.mov", "rgba64be", 16, [], 1],
  ] as const)("is kept in %s of %s frames with an odd size", async (name, pixelFormat, depth, decoder, tolerance) => {
    await using folder = await makeFrames({ count: 3, ...odd, pixelFormat, filter: fading });
    const { output } = await encode(folder, name, { ...odd, depth, colorMode: "RGBA" });
    const alphaOf = async (path: string, height: number, ...how: string[]) => {
      const pixels = await pixelsOf(path, "rgba", ...how);
      return Array.from({ length: odd.width * Math.min(height, odd.height) }, (_, at) => pixels[at * 4 + 3] ?? -1);
    };
    const [there, wanted] = [await alphaOf(output, 66, ...decoder), await alphaOf(folder.frames[0] ?? "", 65)];
    const worst = Math.max(...there.map((value, at) => Math.abs(value - (wanted[at] ?? 0))));
    expect(Math.min(...wanted)).toBe(0);
    expect(worst).toBeLessThanOrEqual(tolerance);
  });

  test("is replaced by black if the video cannot keep it", async () => {
    const clear = "format=rgba,geq=r=255:g=255:b=255:a='if(lt(X,33),0,255)'";
    await using folder = await makeFrames({ count: 1, width: 66, height: 66, pixelFormat: "rgba", filter: clear });
    const { output } = await encode(folder, "flat.mp4", { width: 66, height: 66, depth: 8, colorMode: "RGBA" });
    const pixels = await pixelsOf(output, "gray");
    expect([pixels[8], pixels[60]].map((value) => Math.round((value ?? 0) / 50))).toEqual([0, 5]);
  });
});

describe("a job with one frame makes a complete file", () => {
  const form = { width: 66, height: 66, depth: 8, colorMode: "RGB" } as const;

  test.each(["a.mp4", "a.mkv", "a.mov", "a.webm"])("%s", async (name) => {
    await using folder = await makeFrames({ count: 1, width: 66, height: 66 });
    await encode(folder, name, form);
    expect(await probe(join(folder.folder, name))).toMatchObject({ width: 66, height: 66 });
  });

  test.each([1, 24, 50])("a.gif at %i frames per second", async (numerator) => {
    await using folder = await makeFrames({ count: 1, width: 66, height: 66 });
    const options = { ...settingsFor(folder, "a.gif", form), rate: { numerator, denominator: 1 } };
    expect((await makeGif({ ...options, frames: folder.frames })).frames).toBe(1);
  });
});

describe("a GIF", () => {
  test("is made in two passes like separate FFmpeg runs, and leaves no palette", async () => {
    await using folder = await makeFrames({ count: 8, ...odd });
    const form = { ...odd, depth: 8, colorMode: "RGB" } as const;
    const options = settingsFor(folder, "a.gif", form);
    const made = await makeGif({ ...options, frames: folder.frames });
    expect(made).toMatchObject({ frames: 8, output: options.output });
    expect((await readdir(folder.folder)).filter((name) => !/^\d{4}\.png$/.test(name))).toEqual(["a.gif"]);

    const [palette, plain] = [join(folder.folder, "palette"), join(folder.folder, "plain.gif")];
    for (const args of [paletteArguments(options, palette), gifArguments(options, palette, plain)]) {
      args.splice(args.indexOf("image2pipe"), 1, "image2");
      args.splice(args.indexOf("pipe:0"), 1, join(folder.folder, "%04d.png"));
      await execa(tools.ffmpeg, args);
    }
    expect(await streamMd5(options.output)).toBe(await streamMd5(plain));
    expect(await probe(options.output)).toMatchObject({ width: 66, height: 65 });
  });

  test("of identical frames has all of them", async () => {
    await using folder = await makeFrames({ count: 1, ...odd });
    const frames = Array.from({ length: 12 }, () => folder.frames[0] ?? "");
    const options = settingsFor(folder, "still.gif", { ...odd, depth: 8, colorMode: "RGB" });
    expect((await makeGif({ ...options, frames })).frames).toBe(12);
  });

  test.runIf(process.platform === "linux")("of many large frames needs only the memory of a few", async () => {
    await using folder = await makeFrames({ count: 1, width: 1280, height: 720 });
    const frames = Array.from({ length: 60 }, () => folder.frames[0] ?? "");
    const options = settingsFor(folder, "large.gif", { width: 1280, height: 720, depth: 8, colorMode: "RGB" });
    const script = join(folder.folder, "ffmpeg");
    // 60 frames of 1280x720 in RGBA are 221 MB: one pass needs more than 500 MB of address space, two less than 400 MB.
    const text = `#!/bin/sh\nulimit -v 500000\nexec ${tools.ffmpeg} -threads 1 -filter_complex_threads 1 -filter_threads 1 "$@"\n`;
    await writeFile(script, text, { mode: 0o755 });
    expect((await makeGif({ ...options, tools: { ...tools, ffmpeg: script }, frames })).frames).toBe(60);
  });

  test("cannot have a rate that players do not show", async () => {
    await using folder = await makeFrames({ count: 1, ...odd });
    const options = settingsFor(folder, "fast.gif", { ...odd, depth: 8, colorMode: "RGB" });
    const fast = { ...options, rate: { numerator: 60, denominator: 1 }, frames: folder.frames };
    await expect(makeGif(fast)).rejects.toMatchObject({
      code: "FARM_BAD_INPUT",
      hint: expect.stringContaining("--fps"),
    });
  });
});

test("a codec that this FFmpeg lacks is refused, and the error lists those that it has", async () => {
  await using folder = await makeFrames({ count: 1 });
  const script = join(folder.folder, "ffmpeg");
  await writeFile(script, '#!/bin/sh\necho " V....D libx264              x"\n', { mode: 0o755 });
  const poor = { ...tools, ffmpeg: script };
  await expect(usableFormat(poor, outputFormatOf("a.mp4", { codec: "av1" }))).rejects.toMatchObject({
    code: "FARM_ENCODER_MISSING",
    message: expect.stringContaining("libsvtav1 or libaom-av1"),
    hint: expect.stringContaining("--codec h264 for .mp4"),
  });
  expect((await encodersOf(poor)).has("libx264")).toBe(true);
});
