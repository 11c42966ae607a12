import { readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Encoder, type EncoderOptions } from "../../src/encode/encoder.ts";
import { findFfmpeg } from "../../src/encode/ffmpeg/ffmpeg-tools.ts";
import { makeGif } from "../../src/encode/gif-encoder.ts";
import { prepareTarget } from "../../src/encode/output-target.ts";
import { frameNamesOf } from "../../src/encode/pictures/frame-names.ts";
import { ImageSequence } from "../../src/encode/pictures/image-sequence.ts";
import { Poster } from "../../src/encode/poster.ts";
import { WavFile } from "../../src/encode/wav-file.ts";
import { fill, makeSmallDisk, whyNoDisk } from "../frames/small-disk.ts";
import { type FrameFolder, makeFrames, videoFormatOf } from "../support/ffmpeg.ts";
import { skipBecause } from "../support/skip.ts";
import { writeClick } from "../support/sound.ts";

const jobId = "0123456789abcdef0123456789abcdef";
const size = { width: 320, height: 240 };
/** Frames that no encoder can compress well. */
const noise = { count: 12, ...size, filter: "noise=alls=100:allf=t+u" };

async function makeVideo(frames: FrameFolder, output: string, more: Partial<EncoderOptions> = {}) {
  const stream = { rate: { numerator: 24, denominator: 1 }, depth: 8, colorMode: "RGB", ...size } as const;
  const options = { tools: await findFfmpeg(), output, jobId, again: "do this", ...stream, ...more };
  if (output.endsWith(".gif")) return await makeGif({ ...options, frames: frames.frames });
  await using encoder = await Encoder.open({ ...options, format: videoFormatOf(output, { crf: 0 }) });
  for (const frame of frames.frames) await encoder.write(frame);
  return await encoder.finish(frames.frames.length);
}

describe.skipIf(skipBecause(await whyNoDisk()))("a full disk where the output goes", () => {
  const room = /^Free space for .* \((more than 1\.0|about [\d.]+) MB needed, \d+ kB free\); .*are kept; do this$/;

  test.each(["out.mkv", "out.mp4", "out.gif"])(
    "ends %s without leaving a part, and with space it is made",
    async (name) => {
      await using frames = await makeFrames(noise);
      await using disk = await makeSmallDisk();
      await expect(makeVideo(frames, join(disk.path, name))).rejects.toMatchObject({
        code: "FARM_FFMPEG_EXITED",
        message: expect.stringContaining("No space left on device"),
        hint: expect.stringMatching(room),
      });
      expect(await readdir(disk.path)).toEqual([]);
      expect(await makeVideo(frames, join(frames.folder, name))).toMatchObject({ frames: noise.count });
    },
  );

  test.each(["out.mkv", "out.gif"])("is reported for %s with an estimate from the part that was made", async (name) => {
    await using frames = await makeFrames({ ...noise, count: 1 });
    await using disk = await makeSmallDisk();
    const ffmpeg = join(frames.folder, "ffmpeg");
    const report = "frame=3\\nout_time_us=1000000\\ntotal_size=300000\\nprogress=continue\\n";
    const script = `#!/bin/sh
cat >/dev/null
case "$*" in *palettegen*) exit 0;; esac
printf '${report}'; echo "No space left on device" >&2; exit 1
`;
    await writeFile(ffmpeg, script, { mode: 0o755 });
    const tools = { ...(await findFfmpeg()), ffmpeg };
    // 240 frames are 10 s: ten times the size of the first second.
    const stream = { ...frames, frames: Array.from({ length: 240 }, () => frames.frames[0] ?? "") };
    await expect(makeVideo(stream, join(disk.path, name), { tools, expectedFrames: 240 })).rejects.toMatchObject({
      code: "FARM_FFMPEG_EXITED",
      hint: expect.stringMatching(/about 3\.0 MB needed, 262 kB free/),
    });
  });

  test.each([false, true])(
    "is not filled again by the same video, if only the sound does not fit (WAV: %s)",
    async (isWav) => {
      await using frames = await makeFrames({ ...noise, count: 2 });
      await using disk = await makeSmallDisk();
      const track = { path: join(frames.folder, "voice.wav"), leadSeconds: 0, seconds: isWav ? 60 : 2 / 24 };
      await writeClick(track.path, 0.1, 1);
      const { sizeBytes } = await makeVideo(frames, join(frames.folder, "out.mkv"));
      const filler = await fill(disk.path, sizeBytes * 1.5);
      const path = join(disk.path, isWav ? "out.wav" : "out.mkv");
      const tools = await findFfmpeg();
      const make = isWav
        ? WavFile.make(track, { path, tools, jobId, overwrite: false })
        : makeVideo(frames, path, { sound: async () => track });
      await expect(make).rejects.toMatchObject({
        code: "FARM_OUTPUT_UNWRITABLE",
        message: expect.stringContaining("No space left on device"),
        hint: expect.stringMatching(/^Free space for .* [kM]B needed, .* free.*\) or give --(output|audio) a path/),
      });
      expect(await readdir(disk.path)).toEqual(["filler"]);
      await rm(filler);
    },
  );

  test("refuses a poster without leaving a part", async () => {
    await using frames = await makeFrames({ ...noise, count: 1 });
    const frame = frames.frames[0] ?? "";
    await using disk = await makeSmallDisk();
    const filler = await fill(disk.path, 8192);
    const tools = await findFfmpeg();
    const options = { path: join(disk.path, "poster.png"), tools, jobId, overwrite: false };
    const needed = Math.round((await stat(frame)).size / 1000);
    await expect(Poster.make(frame, options)).rejects.toMatchObject({
      code: "FARM_OUTPUT_UNWRITABLE",
      hint: expect.stringMatching(new RegExp(`about ${needed} kB needed, .* free\\) or give --poster a path`)),
    });
    await expect(Poster.make(frame, { ...options, path: join(disk.path, "poster.jpg") })).rejects.toMatchObject({
      code: "FARM_FFMPEG_EXITED",
      hint: expect.stringMatching(/more than 1\.0 MB needed, .* free/),
    });
    expect(await readdir(disk.path)).toEqual(["filler"]);
    await rm(filler);
    await using poster = await Poster.make(frame, options);
    await poster.publish();
  });

  test("stops an image sequence, with the space for the missing frames, and leaves no partial picture", async () => {
    await using frames = await makeFrames({ ...noise, count: 4 });
    await using disk = await makeSmallDisk();
    const { size: frameBytes } = await stat(frames.frames[0] ?? "");
    const filler = await fill(disk.path, frameBytes * 1.5);
    const names = frameNamesOf(join(disk.path, "out"), "####.png");
    const sourceOf = (frame: number) => frames.frames[frame - 1];
    const options = { names, output: names.folder, frames: [1, 2, 3, 4], sourceOf, jobId, overwrite: false };
    const sequence = await ImageSequence.open(options);
    await sequence.place(1);
    const needed = (((await stat(frames.frames[1] ?? "")).size * 3) / 1000).toFixed(0);
    await expect(sequence.place(2)).rejects.toMatchObject({
      code: "FARM_OUTPUT_UNWRITABLE",
      hint: expect.stringMatching(new RegExp(`about ${needed} kB needed, .* free`)),
    });
    expect(await readdir(names.folder)).toEqual(["0001.png"]);
    await rm(filler);
    await rm(join(names.folder, "0001.png"));
  });

  test("refuses a folder that cannot be made there", async () => {
    await using disk = await makeSmallDisk(1);
    await expect(prepareTarget(join(disk.path, "films", "out.mp4"), jobId, false)).rejects.toMatchObject({
      code: "FARM_OUTPUT_UNWRITABLE",
      hint: expect.stringMatching(/at least 1\.0 MB needed, \d+ kB free\) or give --output/),
    });
  });
});
