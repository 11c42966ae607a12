import { FarmError } from "../core/errors.ts";
import { discard } from "../system/files/held-files.ts";
import type { OutputOptions } from "./encoder.ts";
import { gifArguments, paletteArguments } from "./ffmpeg/ffmpeg-arguments.ts";
import { FfmpegProcess } from "./ffmpeg/ffmpeg-process.ts";
import { type FinishedOutput, finishVideo } from "./finished-video.ts";
import { piecesOf } from "./frame-pieces.ts";
import { type FrameRate, formatFrameRate, framesPerSecond } from "./frame-rate.ts";
import { prepareTarget, removeParts } from "./output-target.ts";

export interface GifOptions extends OutputOptions {
  /** All frame files, in order. */
  readonly frames: readonly string[];
  /** Called after each frame of the second pass. */
  readonly onFrame?: () => void;
}

/** Players show a frame for at least two hundredths of a second; shorter frames they show for ten. */
const mostFramesPerSecond = 50;

/** @throws {FarmError} `FARM_BAD_INPUT` if the rate is too high for a GIF */
export function requireGifRate(rate: FrameRate): void {
  if (framesPerSecond(rate) <= mostFramesPerSecond) return;
  throw new FarmError(
    "FARM_BAD_INPUT",
    `Cannot make a GIF of ${formatFrameRate(rate)} frames per second: players show at most ${mostFramesPerSecond}`,
    "Give --fps 50 or less, or a video: --output out.mp4",
  );
}

/**
 * Makes a GIF in two passes: the first finds the 256 colours, the second uses them. In a single pass FFmpeg would hold
 * all frames in memory. A failure leaves neither a process nor a file.
 *
 * @throws {FfmpegExitedError} With FFmpeg's last messages
 * @throws {FarmError} The same as `Encoder`
 */
export async function makeGif(options: GifOptions): Promise<FinishedOutput> {
  const { tools, output, jobId, overwrite = false, frames, rate, width, height, again, signal } = options;
  requireGifRate(rate);
  const target = await prepareTarget(output, jobId, overwrite);
  await removeParts(target);
  const palette = target.partPath.replace(/\.part$/, ".palette.part");
  try {
    const { onFrame: _, ...quiet } = options;
    await runPass(quiet, paletteArguments(options, palette), palette, "while it chose the colours");
    const gif = { ...options, expectedSeconds: frames.length / framesPerSecond(rate) };
    await runPass(gif, gifArguments(options, palette, target.partPath), target.partPath, "while it wrote the GIF");
    const expected = { frames: frames.length, width, height, rate, keepsRate: false };
    return await finishVideo({ tools, target, expected, overwrite, again, signal });
  } finally {
    for (const path of [palette, target.partPath]) await discard(path);
  }
}

async function runPass(options: GifOptions, args: readonly string[], target: string, what: string): Promise<void> {
  await using process = FfmpegProcess.start(options.tools.ffmpeg, args, { ...options, target });
  for (const path of options.frames) {
    for await (const piece of piecesOf(path)) await process.write(piece, `${what}, at frame file ${path}`);
    options.onFrame?.();
  }
  await process.finish(what);
}
