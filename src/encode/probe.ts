import { execa } from "execa";
import { videoIncomplete } from "./encode-errors.ts";
import type { FfmpegTools } from "./ffmpeg-tools.ts";
import { type FrameRate, framesPerSecond } from "./frame-rate.ts";

/** What a video file is, as ffprobe reads it. */
export interface VideoFacts {
  /** Counted by reading the whole file, not taken from its header. */
  readonly packets: number;
  readonly width: number;
  readonly height: number;
  /** Frames per second. */
  readonly rate: number;
  readonly durationSeconds: number;
  readonly sizeBytes: number;
}

export interface VideoExpectation {
  readonly frames: number;
  readonly width: number;
  readonly height: number;
  readonly rate: FrameRate;
}

/**
 * Reads what a video file is; takes about as long as reading the file once.
 *
 * @throws {FarmError} `FARM_VIDEO_INCOMPLETE` when ffprobe cannot read it
 */
export async function probeVideo(tools: FfmpegTools, path: string, signal?: AbortSignal): Promise<VideoFacts> {
  const entries = "stream=width,height,nb_read_packets,r_frame_rate:format=duration,size";
  const result = await execa(
    tools.ffprobe,
    ["-v", "error", "-count_packets", "-select_streams", "v:0", "-show_entries", entries, "-of", "json", path],
    {
      reject: false,
      stdin: "ignore",
      windowsHide: true,
      maxBuffer: 1024 * 1024,
      ...(signal === undefined ? {} : { cancelSignal: signal }),
    },
  );
  signal?.throwIfAborted();
  if (result.failed) throw videoIncomplete(`ffprobe cannot read it (${result.stderr || result.shortMessage})`);
  return parseFacts(result.stdout);
}

/** Compares a video with what it should be, and answers the first difference in words, or `null`. */
export function differenceOf(facts: VideoFacts, expected: VideoExpectation): string | null {
  const rate = framesPerSecond(expected.rate);
  const duration = expected.frames / rate;
  if (facts.packets !== expected.frames) return `it has ${facts.packets} frames, not ${expected.frames}`;
  if (facts.width !== expected.width || facts.height !== expected.height) {
    return `it is ${facts.width}x${facts.height}, not ${expected.width}x${expected.height}`;
  }
  // Matroska keeps nanoseconds per frame and milliseconds per time: close is all there is.
  if (Math.abs(facts.rate - rate) > rate * 1e-3) return `it has ${facts.rate} frames per second, not ${rate}`;
  if (Math.abs(facts.durationSeconds - duration) > 1 / rate + 0.01) {
    return `it lasts ${facts.durationSeconds} s, not ${duration} s`;
  }
  return null;
}

function parseFacts(json: string): VideoFacts {
  let report: { streams?: Record<string, unknown>[]; format?: Record<string, unknown> };
  try {
    report = JSON.parse(json);
  } catch (error) {
    throw videoIncomplete(`ffprobe did not answer in JSON (${error})`);
  }
  const stream = report.streams?.[0];
  if (stream === undefined) throw videoIncomplete("it has no video stream");
  const [numerator, denominator] = String(stream.r_frame_rate).split("/").map(Number);
  return {
    packets: Number(stream.nb_read_packets),
    width: Number(stream.width),
    height: Number(stream.height),
    rate: Number(numerator) / Number(denominator),
    durationSeconds: Number(report.format?.duration),
    sizeBytes: Number(report.format?.size),
  };
}
