import { FarmError, messageOf, systemCodeOf } from "../core/errors.ts";
import { isOutOfDescriptors, moreDescriptors } from "../system/files/shortage.ts";

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
  /** Whether a frame may be the reason: not where it was ended from outside, did nothing, or found no room. */
  readonly mayBeFrame: boolean;

  /**
   * @param where What had been reached: "at frame file 12"
   * @param again What can be done then: "run the same command again"
   * @param room Where the disk was full, and what it would have to have; `null` when it was not
   */
  constructor(where: string, end: FfmpegEnd, again = usualAgain, room: string | null = null) {
    const tail = end.stderrTail.trim();
    const message = `FFmpeg ${howOf(end)} ${where}${tail === "" ? "" : `:\n${tail}`}`;
    super("FARM_FFMPEG_EXITED", message, hintFor(end, again, room));
    this.ffmpegExitCode = end.exitCode;
    this.signalName = end.signalName;
    this.stderrTail = end.stderrTail;
    this.mayBeFrame = mayBeOwnDoing(end);
  }
}

const usualAgain = "run the same command again";

function howOf(end: FfmpegEnd): string {
  if (end.stuckMs !== null) return `did nothing for ${Math.round(end.stuckMs / 1000)} s and was ended`;
  return end.signalName === null ? `exited with code ${end.exitCode}` : `was ended by ${end.signalName}`;
}

function hintFor(end: FfmpegEnd, again: string, room: string | null): string {
  const then = `the rendered frames are kept; ${again}`;
  if (room !== null) return `Free space for ${room}; ${then}`;
  if (end.stuckMs !== null) return `Perhaps the disk of the output does not answer; ${then}`;
  if (end.signalName === "SIGKILL") return `Perhaps the system ran out of memory: close other programs; ${then}`;
  return `Read what FFmpeg wrote above; ${then}`;
}

/** Signals by which a program ends that stumbles itself, over a frame as over anything else. */
const ownSignals: readonly (string | null)[] = [null, "SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL"];

function mayBeOwnDoing(end: FfmpegEnd): boolean {
  if (end.stuckMs !== null || !ownSignals.includes(end.signalName) || saysFull(end)) return false;
  return !/Cannot allocate memory|Exiting normally, received signal/.test(end.stderrTail);
}

/** Whether FFmpeg's own words are those for a disk that is full. */
export function saysFull({ stderrTail }: FfmpegEnd): boolean {
  return /No space left on device|Disk quota exceeded/.test(stderrTail);
}

/** FFmpeg could not even be started; an error that is not the system's is answered as it is. */
export function encoderNotStarted(program: string, error: unknown, again = usualAgain): unknown {
  if (!isOutOfDescriptors(systemCodeOf(error))) return error;
  return new FarmError(
    "FARM_FFMPEG_EXITED",
    `FFmpeg was not started, as too many files are open: ${program} (${messageOf(error)})`,
    `${moreDescriptors}; the rendered frames are kept; ${again}`,
    { cause: error },
  );
}

/**
 * What was written is not the video that was asked for, or cannot be proved to be.
 *
 * @param advice What may mend it, if more is known
 */
export function videoIncomplete(why: string, again = usualAgain, advice?: string): FarmError {
  return new VideoIncompleteError(why, again, advice, false);
}

/** FFmpeg left frames out, or made some of its own, and ended well all the same. */
export function framesMissing(why: string, again = usualAgain): FarmError {
  return new VideoIncompleteError(why, again, undefined, true);
}

class VideoIncompleteError extends FarmError {
  readonly mayBeFrame: boolean;

  constructor(why: string, again: string, advice: string | undefined, mayBeFrame: boolean) {
    const first = advice === undefined ? "" : `${advice}; `;
    const kept = "Nothing was put in the output's place, and the rendered frames are kept";
    super("FARM_VIDEO_INCOMPLETE", `The video is not complete: ${why}`, `${first}${kept}; ${again}`);
    this.mayBeFrame = mayBeFrame;
  }
}

/** Whether FFmpeg did not end at a frame but left it out, be it any of them. */
export function framesWereLeftOut(error: unknown): boolean {
  return error instanceof VideoIncompleteError && error.mayBeFrame;
}

/** Whether a frame may be why an output could not be made, so that it is worth looking for one. */
export function mayBeFrame(error: unknown): boolean {
  return (error instanceof FfmpegExitedError || error instanceof VideoIncompleteError) && error.mayBeFrame;
}

/** A frame of our own store cannot be read any more. */
export function frameUnreadable(path: string, error: unknown): FarmError {
  const hint = isOutOfDescriptors(systemCodeOf(error))
    ? `${moreDescriptors}, then run the same command again: the frames are kept`
    : "Run the same command again: frames that are damaged or gone are rendered again, the others are kept";
  return new FarmError("FARM_STORE_FAILED", `Cannot read the frame file ${path}: ${messageOf(error)}`, hint, {
    cause: error,
  });
}
