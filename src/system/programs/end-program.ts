import { endsWithin } from "../../core/time-limit.ts";
import { type Program, startProgram } from "./start-program.ts";

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
  killTree(child, "SIGTERM");
  child.stdin?.destroy();
  if (await endsWithin(ended, termGraceMs)) return true;
  killTree(child, "SIGKILL");
  if (await endsWithin(ended, killGraceMs)) return true;
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.unref();
  return false;
}

/**
 * Signals a program that was started by `startProgram`, and what it has started. On Windows, which has neither groups nor
 * signals, `taskkill` ends them all at once: killing a launcher alone would leave the real program. Waits for nothing.
 */
export function killTree(
  child: Program,
  signal: "SIGTERM" | "SIGKILL",
  platform: NodeJS.Platform = process.platform,
): void {
  const { pid } = child;
  if (pid === undefined) return;
  try {
    if (platform !== "win32") process.kill(-pid, signal);
    else void taskkill(pid).then((isDone) => isDone || child.kill(signal));
  } catch {
    // It ended between the look and the signal.
  }
}

async function taskkill(pid: number): Promise<boolean> {
  try {
    const options = { reject: false, stdin: "ignore", timeout: killGraceMs } as const;
    const { failed } = await startProgram("taskkill", ["/PID", String(pid), "/T", "/F"], options);
    return !failed;
  } catch {
    return false; // no file descriptor is left
  }
}
