import { endsWithin } from "../../core/time-limit.ts";
import { type Program, startProgram } from "./start-program.ts";

/** Time between SIGTERM and SIGKILL: a stopped or stuck program ignores SIGTERM. */
export const termGraceMs = 3_000;
/** How long a process may take to end after SIGKILL before it is abandoned. */
export const killGraceMs = 5_000;

/**
 * Stops a program that leads a process group, and the programs that it started: `ffmpeg` may be a wrapper script with
 * the real one as its child.
 *
 * @param ended Resolves or rejects when the program has ended and its output is closed
 * @returns False if it has still not ended after 8 s, because a dead disk holds it in the kernel, or a process that
 * left the group holds its output
 */
export async function endProgram(child: Program, ended: Promise<unknown>): Promise<boolean> {
  if (await endsWithin(ended, 0)) return true; // another process may have its id by now
  // Only closing the pipe would let FFmpeg finish a short video; only a signal does not wake it from reading the pipe.
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
 * Signals a program from `startProgram` and the programs that it started, without waiting. On Windows, which has
 * neither groups nor signals, `taskkill` kills them all: killing only a launcher would leave the real program running.
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
    // It has ended between the check and the signal.
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
