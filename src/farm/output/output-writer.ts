import type { FarmError } from "../../core/errors.ts";
import type { Frame, NodeId } from "../../core/node.ts";
import type { FfmpegTools } from "../../encode/ffmpeg/ffmpeg-tools.ts";
import type { FinishedOutput } from "../../encode/finished-video.ts";
import type { OutputFormat } from "../../encode/output-format.ts";
import type { OutputFacts } from "./output-facts.ts";

/** Takes frames in any order while others still render, and makes the output of them. Nobody waits for it but the end. */
export interface OutputWriter extends AsyncDisposable {
  /** Frames that are in the output so far. */
  readonly encoded: number;
  /** A frame is stored. */
  accept(frame: Frame): void;
  /** Frames are stored no longer, as FFmpeg refuses them: they are accepted again when others have been rendered. */
  drop(frames: readonly Frame[]): Promise<void>;
  /** Does something while the lane itself looks for no refused frames: two searches would take each other's frames. */
  apart<Value>(work: () => Promise<Value>): Promise<Value>;
  /**
   * All frames are stored: waits until the output is there, checked and in its place.
   *
   * @returns `null` when some of them were refused meanwhile: then it is called again when all are stored anew
   * @throws {FarmError} What goes wrong on the second chance too
   */
  finish(): Promise<FinishedOutput | null>;
}

/** A frame that FFmpeg refuses. */
export interface RefusedFrame {
  readonly frame: Frame;
  /** FFmpeg's own words. */
  readonly message: string;
}

export interface WriterOptions {
  readonly facts: OutputFacts;
  readonly format: OutputFormat;
  /** `undefined` where no FFmpeg is needed. */
  readonly tools: FfmpegTools | undefined;
  readonly output: string;
  readonly overwrite: boolean;
  readonly job: string;
  /** Of a stored frame; `undefined` while it is not. */
  readonly pathOf: (frame: Frame) => string | undefined;
  /** Who rendered a stored frame: what is wrong with one may be wrong with its others. */
  readonly nodeOf: (frame: Frame) => NodeId | undefined;
  /** What can be done after a failure, for hints. */
  readonly again: string;
  /** Told when making the output failed for the first time; it is made anew when all frames are there. */
  readonly onPostponed: (message: string) => void;
  /**
   * Takes refused frames out of the store and has them rendered again.
   *
   * @throws {FarmError} When the job cannot go on with them refused
   */
  readonly onRefused: (refused: readonly RefusedFrame[]) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Whether trying again would end in the same way: the place for the output is the trouble. */
export function isAboutOutput(error: unknown): boolean {
  const code = (error as Partial<FarmError> | undefined)?.code;
  return code === "FARM_OUTPUT_EXISTS" || code === "FARM_OUTPUT_UNWRITABLE";
}
