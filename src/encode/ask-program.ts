import { execa } from "execa";

export interface AskOptions {
  /** After it the program is ended, and has failed (default none). */
  readonly timeoutMs?: number;
  /** Most bytes of the answer; a longer one is a failure. */
  readonly maxBuffer?: number;
  /** Aborting ends the program, and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface ProgramAnswer {
  readonly stdout: string;
  readonly failed: boolean;
  /** What it said of a failure, or what became of it. */
  readonly why: string;
}

/**
 * Runs a program for its answer. It is in a process group of its own: a Ctrl-C in the terminal reaches only this program,
 * which decides what it means, and the answer is not lost to it.
 */
export async function askProgram(
  program: string,
  args: readonly string[],
  options: AskOptions = {},
): Promise<ProgramAnswer> {
  const { timeoutMs, maxBuffer, signal } = options;
  const result = await execa(program, args, {
    detached: true,
    reject: false,
    stdin: "ignore",
    stripFinalNewline: false,
    windowsHide: true,
    ...(timeoutMs !== undefined && { timeout: timeoutMs }),
    ...(maxBuffer !== undefined && { maxBuffer }),
    ...(signal !== undefined && { cancelSignal: signal }),
  });
  signal?.throwIfAborted();
  const why = result.failed ? result.stderr?.trim() || (result.shortMessage ?? "") : "";
  return { stdout: result.stdout ?? "", failed: result.failed, why };
}
