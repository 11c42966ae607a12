import { stat } from "node:fs/promises";
import { discard, renameFile } from "../system/files/held-files.ts";
import { askProgram } from "../system/programs/ask-program.ts";
import { soundArguments } from "./ffmpeg/ffmpeg-arguments.ts";
import type { FfmpegTools } from "./ffmpeg/ffmpeg-tools.ts";
import { soundFailed, soundProblem } from "./output-errors.ts";
import type { VideoFormat } from "./output-format.ts";
import type { OutputTarget } from "./output-target.ts";
import type { SoundTrack } from "./sound-codec.ts";

/** Time for FFmpeg to start on a busy machine. */
const startMs = 120_000;
/** Even a slow network share copies faster than this. */
const slowestBytesPerMs = 500;

export interface SoundOptions {
  readonly tools: FfmpegTools;
  readonly format: VideoFormat;
  readonly again?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Adds sound to a written video. Its pictures are copied, not encoded again.
 *
 * @param target Its part is the video, which is replaced
 * @throws {FarmError} `FARM_VIDEO_INCOMPLETE` with FFmpeg's message; `FARM_OUTPUT_UNWRITABLE` if the disk is full
 */
export async function addSound(target: OutputTarget, sound: SoundTrack, options: SoundOptions): Promise<void> {
  const { tools, format, again, signal } = options;
  const part = target.partPath;
  const withSound = soundPartOf(part);
  const { size } = await stat(part);
  const timeoutMs = startMs + size / slowestBytesPerMs;
  const answer = await askProgram(tools.ffmpeg, ["-y", ...soundArguments(part, sound, format, withSound)], {
    timeoutMs,
    signal,
  });
  const problem = soundProblem(answer);
  if (problem !== null) {
    await discard(withSound); // for the hint says how much is free without it
    throw await soundFailed(target.path, problem, { neededBytes: size, again });
  }
  await renameFile(withSound, part);
}

/** The file in which a video gets its sound. Unfinished ones are removed like other parts of an output. */
export function soundPartOf(part: string): string {
  return part.replace(/\.part$/, ".sound.part");
}
