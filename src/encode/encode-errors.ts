import { FarmError, messageOf } from "../core/errors.ts";

/** How an FFmpeg ended, as far as errors tell of it. */
export interface FfmpegEnd {
  /** `null` when a signal ended it. */
  readonly exitCode: number | null;
  readonly signalName: string | null;
  /** How long it had done nothing when it was ended for that; `null` otherwise. */
  readonly stuckMs: number | null;
  /** The end of what it wrote to standard error. */
  readonly stderrTail: string;
}

/** The encoder process ended before it had taken the last frame, or failed at the end. */
export class FfmpegExitedError extends FarmError {
  readonly ffmpegExitCode: number | null;
  readonly signalName: string | null;
  readonly stderrTail: string;

  /**
   * @param where What had been reached: "at frame file 12"
   * @param again What can be done then: "run the same command again"
   */
  constructor(where: string, end: FfmpegEnd, again = usualAgain) {
    const tail = end.stderrTail.trim();
    super("FARM_FFMPEG_EXITED", `FFmpeg ${howOf(end)} ${where}${tail === "" ? "" : `:\n${tail}`}`, hintFor(end, again));
    this.ffmpegExitCode = end.exitCode;
    this.signalName = end.signalName;
    this.stderrTail = end.stderrTail;
  }
}

const usualAgain = "run the same command again";

function howOf(end: FfmpegEnd): string {
  if (end.stuckMs !== null) return `did nothing for ${Math.round(end.stuckMs / 1000)} s and was ended`;
  return end.signalName === null ? `exited with code ${end.exitCode}` : `was ended by ${end.signalName}`;
}

function hintFor(end: FfmpegEnd, again: string): string {
  const then = `the rendered frames are kept; ${again}`;
  if (/No space left on device|Disk quota exceeded/.test(end.stderrTail)) {
    return `Free space where the output goes; ${then}`;
  }
  if (end.stuckMs !== null) return `Perhaps the disk of the output does not answer; ${then}`;
  if (end.signalName === "SIGKILL") return `Perhaps the system ran out of memory: close other programs; ${then}`;
  return `Read what FFmpeg wrote above; ${then}`;
}

/** What was written is not the video that was asked for. */
export function videoIncomplete(why: string, again = usualAgain): FarmError {
  return new FarmError(
    "FARM_VIDEO_INCOMPLETE",
    `The video is not complete: ${why}`,
    `Nothing was put in the output's place, and the rendered frames are kept; ${again}`,
  );
}

/** A frame of our own store cannot be read any more. */
export function frameUnreadable(path: string, error: unknown): FarmError {
  return new FarmError(
    "FARM_STORE_FAILED",
    `Cannot read the frame file ${path}: ${messageOf(error)}`,
    "Run the same command again: frames that are damaged or gone are rendered again, the others are kept",
    { cause: error },
  );
}
