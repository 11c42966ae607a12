import { stat } from "node:fs/promises";
import { askProgram } from "../../system/programs/ask-program.ts";
import { decodeSoundArguments } from "./ffmpeg-arguments.ts";
import type { FfmpegTools } from "./ffmpeg-tools.ts";
import { ProgressParser } from "./parse-progress.ts";

/** Time for FFmpeg to start on a busy machine. */
const startMs = 120_000;
/** Even a slow machine decodes sound faster than this. */
const slowestBytesPerMs = 500;
/** In seconds: far below what anybody misses, and above what rounding changes. */
const tolerance = 0.1;

/**
 * Decodes a sound file to its end. The machine that wrote it may have had a full disk: the beginning of such a file still
 * says how long it should be, and FFmpeg alone would play silence after what is there.
 *
 * @param seconds How long it must last
 * @returns What is wrong with it, or `null`
 */
export async function damageOfSound(
  path: string,
  seconds: number,
  { ffmpeg }: FfmpegTools,
  signal?: AbortSignal,
): Promise<string | null> {
  const timeoutMs = startMs + (await stat(path)).size / slowestBytesPerMs;
  const { stdout, failed, why } = await askProgram(ffmpeg, decodeSoundArguments(path), { timeoutMs, signal });
  if (failed) return `FFmpeg cannot read it (${why})`;
  const there = new ProgressParser().push(stdout).at(-1)?.seconds ?? 0;
  return there < seconds - tolerance ? `it ends after ${there.toFixed(1)} s of ${seconds.toFixed(1)} s` : null;
}
