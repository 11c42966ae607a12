import { framesMissing, videoIncomplete } from "./encode-errors.ts";
import type { FfmpegTools } from "./ffmpeg/ffmpeg-tools.ts";
import { differenceOf, probeVideo, type VideoExpectation } from "./ffmpeg/probe.ts";
import { moveIntoPlace, type OutputTarget } from "./output-target.ts";

/** A complete and checked output. */
export interface FinishedOutput {
  readonly output: string;
  readonly frames: number;
  readonly sizeBytes: number;
}

export interface Finishing {
  readonly tools: FfmpegTools;
  readonly target: OutputTarget;
  readonly expected: VideoExpectation;
  readonly overwrite: boolean;
  readonly again: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Checks a written video with ffprobe and gives it its name.
 *
 * @throws {FarmError} `FARM_VIDEO_INCOMPLETE` if the file is not the expected video, `FARM_OUTPUT_EXISTS` if another
 * file has appeared under its name
 */
export async function finishVideo(finishing: Finishing): Promise<FinishedOutput> {
  const { tools, target, expected, overwrite, again, signal } = finishing;
  const facts = await probeVideo(tools, target.partPath, signal, again);
  const difference = differenceOf(facts, expected);
  if (facts.packets !== expected.frames) throw framesMissing(difference ?? "", again);
  if (difference !== null) throw videoIncomplete(difference, again);
  await moveIntoPlace(target, overwrite);
  return { output: target.path, frames: facts.packets, sizeBytes: facts.sizeBytes };
}
