import { FarmError, messageOf, systemCodeOf } from "../core/errors.ts";
import { isOutOfDescriptors, moreDescriptors } from "../system/files/shortage.ts";

/** How an FFmpeg process ended. */
export interface FfmpegEnd {
  /** `null` if a signal ended it. */
  readonly exitCode: number | null;
  readonly signalName: string | null;
  /** How long it had done nothing, if it was killed for that; `null` otherwise. */
  readonly stuckMs: number | null;
  /** The end of what it wrote to standard error. */
  readonly stderrTail: string;
}

/** FFmpeg ended before it had read the last frame, or failed afterwards. */
export class FfmpegExitedError extends FarmError {
  readonly ffmpegExitCode: number | null;
  readonly signalName: string | null;
  readonly stderrTail: string;
  /** Whether a frame may be the cause: not if FFmpeg was killed, did nothing, or found the disk full. */
  readonly mayBeFrame: boolean;

  /**
   * @param where How far it had come, for example "at frame file 12"
   * @param again What the user can do, for example "run the same command again"
   * @param room If the disk was full, which one and how much space is needed; otherwise `null`
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
  if (end.stuckMs !== null) return `did nothing for ${Math.round(end.stuckMs / 1000)} s and was stopped`;
  return end.signalName === null ? `exited with code ${end.exitCode}` : `was ended by ${end.signalName}`;
}

function hintFor(end: FfmpegEnd, again: string, room: string | null): string {
  const then = `the rendered frames are kept; ${again}`;
  if (room !== null) return `Free space for ${room}; ${then}`;
  if (end.stuckMs !== null) return `Perhaps the disk of the output does not respond; ${then}`;
  if (end.signalName === "SIGKILL") return `Perhaps the system ran out of memory: close other programs; ${then}`;
  return `Read FFmpeg's message above; ${then}`;
}

/** Signals by which a program ends through its own fault, which a frame may have caused. */
const ownSignals: readonly (string | null)[] = [null, "SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL"];

function mayBeOwnDoing(end: FfmpegEnd): boolean {
  if (end.stuckMs !== null || !ownSignals.includes(end.signalName) || saysFull(end.stderrTail)) return false;
  return !/Cannot allocate memory|Exiting normally, received signal/.test(end.stderrTail);
}

/** Whether FFmpeg's message says that the disk is full. */
export function saysFull(message: string): boolean {
  return /No space left on device|Disk quota exceeded/.test(message);
}

/** The error for an FFmpeg that could not be started. @returns Errors that are not the system's unchanged */
export function encoderNotStarted(program: string, error: unknown, again = usualAgain): unknown {
  if (!isOutOfDescriptors(systemCodeOf(error))) return error;
  return new FarmError(
    "FARM_FFMPEG_EXITED",
    `FFmpeg was not started, because too many files are open: ${program} (${messageOf(error)})`,
    `${moreDescriptors}; the rendered frames are kept; ${again}`,
    { cause: error },
  );
}

/**
 * The error for a written output, a video or pictures, that is not what was asked for, or that could not be verified.
 *
 * @param advice What may fix it, if that is known
 */
export function videoIncomplete(why: string, again = usualAgain, advice?: string): FarmError {
  return new VideoIncompleteError(why, again, advice, false);
}

/** The error for an FFmpeg that dropped or duplicated frames, but reported success. */
export function framesMissing(why: string, again = usualAgain): FarmError {
  return new VideoIncompleteError(why, again, undefined, true);
}

class VideoIncompleteError extends FarmError {
  readonly mayBeFrame: boolean;

  constructor(why: string, again: string, advice: string | undefined, mayBeFrame: boolean) {
    const first = advice === undefined ? "" : `${advice}; `;
    const kept = "No output was written, and the rendered frames are kept";
    super("FARM_VIDEO_INCOMPLETE", `The output is not complete: ${why}`, `${first}${kept}; ${again}`);
    this.mayBeFrame = mayBeFrame;
  }
}

/** Whether FFmpeg dropped a frame instead of failing at it. It can be any of the frames. */
export function framesWereDropped(error: unknown): boolean {
  return error instanceof VideoIncompleteError && error.mayBeFrame;
}

/** Whether a frame may be the reason why an output could not be made, so that it is worth searching for it. */
export function mayBeFrame(error: unknown): boolean {
  return (error instanceof FfmpegExitedError || error instanceof VideoIncompleteError) && error.mayBeFrame;
}

/** The error for a frame in our own store that can no longer be read. */
export function frameUnreadable(path: string, error: unknown): FarmError {
  const hint = isOutOfDescriptors(systemCodeOf(error))
    ? `${moreDescriptors}, then run the same command again: the frames are kept`
    : "Run the same command again: damaged and missing frames are rendered again, the others are kept";
  return new FarmError("FARM_STORE_FAILED", `Cannot read the frame file ${path}: ${messageOf(error)}`, hint, {
    cause: error,
  });
}
