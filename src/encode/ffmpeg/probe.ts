import { stat } from "node:fs/promises";
import { isOutOfDescriptors, moreDescriptors } from "../../system/files/shortage.ts";
import { askProgram } from "../../system/programs/ask-program.ts";
import { videoIncomplete } from "../encode-errors.ts";
import { type FrameRate, framesPerSecond } from "../frame-rate.ts";
import type { FfmpegTools } from "./ffmpeg-tools.ts";

/** Facts about a video file, from ffprobe. */
export interface VideoFacts {
  /** Counted by reading the whole file, not read from its header. */
  readonly packets: number;
  readonly width: number;
  readonly height: number;
  /**
   * Frames per second. ffprobe reports two values: the file's own and one computed from the packets' times. Either may
   * be wrong for an unusual rate in Matroska, which rounds times to milliseconds.
   */
  readonly rates: readonly number[];
  readonly durationSeconds: number;
  readonly sizeBytes: number;
}

export interface VideoExpectation {
  readonly frames: number;
  readonly width: number;
  readonly height: number;
  readonly rate: FrameRate;
  /** Whether the file can store the exact rate; GIF rounds every frame to hundredths of a second. */
  readonly keepsRate: boolean;
  /** Whether it has sound, whose last piece may be longer than the last picture (default: not). */
  readonly hasSound?: boolean;
}

/** In seconds: 1,024 samples of AAC, with a little room. */
const longestSoundPiece = 0.03;
/** Time for ffprobe to start on a busy machine. */
const startMs = 120_000;
/** Even a slow network share reads faster than this. */
const slowestBytesPerMs = 1_000;

/**
 * Reads the facts about a video file, which takes about as long as reading the file once.
 *
 * @param again What the user can do after a failure, for the hint
 * @throws {FarmError} `FARM_VIDEO_INCOMPLETE` if ffprobe cannot read it, or takes longer than any disk needs for a file
 * of this size
 */
export async function probeVideo(
  tools: FfmpegTools,
  path: string,
  signal?: AbortSignal,
  again?: string,
): Promise<VideoFacts> {
  const entries = "stream=width,height,nb_read_packets,avg_frame_rate,r_frame_rate:format=duration,size";
  const args = [
    "-v",
    "error",
    "-count_packets",
    "-select_streams",
    "v:0",
    "-show_entries",
    entries,
    "-of",
    "json",
    path,
  ];
  const sizeBytes = await stat(path).then(
    ({ size }) => size,
    () => 0, // ffprobe will report the problem
  );
  const timeoutMs = startMs + sizeBytes / slowestBytesPerMs;
  const result = await askProgram(tools.ffprobe, args, { timeoutMs, maxBuffer: 1024 * 1024, signal });
  if (result.failed) {
    const advice = isOutOfDescriptors(result.systemCode) ? moreDescriptors : undefined;
    throw videoIncomplete(`ffprobe cannot read it (${result.why})`, again, advice);
  }
  return parseFacts(result.stdout, again);
}

/** Compares a video with what it should be. @returns The first difference as text, or `null` */
export function differenceOf(facts: VideoFacts, expected: VideoExpectation): string | null {
  const rate = framesPerSecond(expected.rate);
  const duration = expected.frames / rate;
  if (facts.packets !== expected.frames) return `it has ${facts.packets} frames, not ${expected.frames}`;
  if (facts.width !== expected.width || facts.height !== expected.height) {
    return `it is ${facts.width}x${facts.height}, not ${expected.width}x${expected.height}`;
  }
  // 24 and 23.976 differ by 1e-3. Half of that tells them apart, and tolerates rounding.
  if (expected.keepsRate && !facts.rates.some((found) => Math.abs(found - rate) <= rate * 5e-4)) {
    return `it has ${rounded(facts.rates[0])} frames per second, not ${rounded(rate)}`;
  }
  // The only frame of a GIF has no next frame that ends it; FFmpeg gives it a tenth of a second.
  if (expected.frames === 1 && !expected.keepsRate) return null;
  const tolerance = 1 / rate + 0.01 + (expected.hasSound ? longestSoundPiece : 0);
  if (!(Math.abs(facts.durationSeconds - duration) <= tolerance)) {
    return `it lasts ${rounded(facts.durationSeconds)} s, not ${rounded(duration)} s`;
  }
  return null;
}

function parseFacts(json: string, again?: string): VideoFacts {
  let report: { streams?: Record<string, unknown>[]; format?: Record<string, unknown> };
  try {
    report = JSON.parse(json);
  } catch (error) {
    throw videoIncomplete(`ffprobe did not answer in JSON (${error})`, again);
  }
  const stream = report.streams?.[0];
  if (stream === undefined) throw videoIncomplete("it has no video stream", again);
  return {
    packets: Number(stream.nb_read_packets),
    width: Number(stream.width),
    height: Number(stream.height),
    rates: [rateOf(stream.avg_frame_rate), rateOf(stream.r_frame_rate)],
    durationSeconds: Number(report.format?.duration),
    sizeBytes: Number(report.format?.size),
  };
}

/** Rounded to thousandths, for people. */
function rounded(value: number | undefined): number {
  return Math.round(Number(value) * 1000) / 1000;
}

/** The value of a fraction like "30000/1001"; NaN if unknown, which ffprobe writes as "0/0". */
function rateOf(fraction: unknown): number {
  const [numerator, denominator] = String(fraction).split("/").map(Number);
  return Number(numerator) / Number(denominator);
}
