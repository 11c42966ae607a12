import type { FarmError } from "../core/errors.ts";
import type { Frame } from "../core/node.ts";
import type { FfmpegTools } from "../encode/ffmpeg-tools.ts";
import type { FinishedOutput } from "../encode/finished-video.ts";
import type { OutputFormat } from "../encode/output-format.ts";
import type { OutputFacts } from "./output-facts.ts";

/** Takes frames in any order while others still render, and makes the output of them. Nobody waits for it but the end. */
export interface EncodeLane extends AsyncDisposable {
  /** Frames that are in the output so far. */
  readonly encoded: number;
  /** A frame is stored. */
  accept(frame: Frame): void;
  /**
   * All frames are stored: waits until the output is there, checked and in its place.
   *
   * @throws {FarmError} What goes wrong on the second chance too
   */
  finish(): Promise<FinishedOutput>;
}

export interface LaneOptions {
  readonly facts: OutputFacts;
  readonly format: OutputFormat;
  /** `undefined` where no FFmpeg is needed. */
  readonly tools: FfmpegTools | undefined;
  readonly output: string;
  readonly overwrite: boolean;
  readonly job: string;
  /** Of a stored frame; `undefined` while it is not. */
  readonly pathOf: (frame: Frame) => string | undefined;
  /** What can be done after a failure, for hints. */
  readonly again: string;
  /** Told when making the output failed for the first time; it is made anew when all frames are there. */
  readonly onPostponed: (message: string) => void;
  readonly signal: AbortSignal;
}

/** Whether trying again would end in the same way: the place for the output is the trouble. */
export function isAboutOutput(error: unknown): boolean {
  const code = (error as Partial<FarmError> | undefined)?.code;
  return code === "FARM_OUTPUT_EXISTS" || code === "FARM_OUTPUT_UNWRITABLE";
}
