import { FarmError, messageOf } from "../core/errors.ts";

/** How an FFmpeg ended, as far as errors tell of it. */
export interface FfmpegEnd {
  /** `null` when a signal ended it. */
  readonly exitCode: number | null;
  readonly signalName: string | null;
  /** The end of what it wrote to standard error. */
  readonly stderrTail: string;
}

/** The encoder process ended before it had taken the last frame, or failed at the end. */
export class FfmpegExitedError extends FarmError {
  readonly ffmpegExitCode: number | null;
  readonly signalName: string | null;
  readonly stderrTail: string;

  /** @param where What had been reached: "after frame 12" */
  constructor(where: string, end: FfmpegEnd) {
    const how = end.signalName === null ? `exited with code ${end.exitCode}` : `was ended by ${end.signalName}`;
    const tail = end.stderrTail.trim();
    super("FARM_FFMPEG_EXITED", `FFmpeg ${how} ${where}${tail === "" ? "" : `:\n${tail}`}`, hintFor(end));
    this.ffmpegExitCode = end.exitCode;
    this.signalName = end.signalName;
    this.stderrTail = end.stderrTail;
  }
}

function hintFor(end: FfmpegEnd): string {
  const again = "the rendered frames are kept, so run the same command again";
  if (/No space left on device|Disk quota exceeded/.test(end.stderrTail)) {
    return `Free space where the output goes; ${again}`;
  }
  if (end.signalName === "SIGKILL") return `Perhaps the system ran out of memory: close other programs; ${again}`;
  return `Read what FFmpeg wrote above; ${again}`;
}

/** What was written is not the video that was asked for. */
export function videoIncomplete(why: string): FarmError {
  return new FarmError(
    "FARM_VIDEO_INCOMPLETE",
    `The video is not complete: ${why}`,
    "Run the same command again: the rendered frames are kept, and nothing was put in the output's place",
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
