import type { Program } from "./start-program.ts";
import { endsWithin } from "./time-limit.ts";

/** After SIGTERM; a stopped or stuck program does not obey it. */
export const termGraceMs = 3_000;
/** How long a process may take to go after SIGKILL before its owner stops waiting for it. */
export const killGraceMs = 5_000;

/**
 * Ends a program that leads a process group, and with it what it has started: `ffmpeg` may be a wrapper script with the
 * real one as its child.
 *
 * @param ended Settles when it has ended and its output is closed
 * @returns False when it is still not over after 8 s: a disk that does not answer holds it in the kernel, or a process that
 *   left the group holds its output. Nothing waits for it any more then
 */
export async function endProgram(child: Program, ended: Promise<unknown>): Promise<boolean> {
  if (await endsWithin(ended, 0)) return true; // its number may be another's by now
  // Closing alone would let FFmpeg finish a short video; the signal alone does not wake it from reading the pipe.
  kill(child, "SIGTERM");
  child.stdin?.destroy();
  if (await endsWithin(ended, termGraceMs)) return true;
  kill(child, "SIGKILL");
  if (await endsWithin(ended, killGraceMs)) return true;
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.unref();
  return false;
}

function kill(child: Program, signal: "SIGTERM" | "SIGKILL"): void {
  if (child.pid === undefined) return;
  try {
    // Windows has no groups.
    if (process.platform === "win32") child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // It ended between the look and the signal.
  }
}
