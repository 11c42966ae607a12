import { messageOf, systemCodeOf } from "../../core/errors.ts";
import { endsWithin } from "../../core/time-limit.ts";
import { endProgram } from "./end-program.ts";
import { startProgram } from "./start-program.ts";

export interface AskOptions {
  /** After it the program is ended, and has failed. */
  readonly timeoutMs: number;
  /** Most bytes of the answer; a longer one is a failure. */
  readonly maxBuffer?: number;
  /** Aborting ends the program, and rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface ProgramAnswer {
  readonly stdout: string;
  readonly failed: boolean;
  /** What it said of a failure, or what became of it. */
  readonly why: string;
  /** The system's name of the reason why it could not be started, if that is what failed: "ENOENT". */
  readonly systemCode?: string | undefined;
}

/**
 * Runs a program for its answer. It is in a process group of its own: a Ctrl-C in the terminal reaches only this program,
 * which decides what it means, and the answer is not lost to it. It resolves in any case: a program that neither answers
 * nor ends is left behind.
 */
export async function askProgram(
  program: string,
  args: readonly string[],
  { timeoutMs, maxBuffer, signal }: AskOptions,
): Promise<ProgramAnswer> {
  signal?.throwIfAborted();
  let child: ReturnType<typeof start>;
  try {
    child = start(program, args, maxBuffer);
  } catch (error) {
    return { stdout: "", failed: true, why: messageOf(error), systemCode: systemCodeOf(error) };
  }
  const answered = child.then(
    ({ failed, stdout, stderr, originalMessage, shortMessage, code }): ProgramAnswer => ({
      ...{ stdout, failed, systemCode: code },
      why: failed ? stderr.trim() || originalMessage || (shortMessage ?? "") : "",
    }),
  );
  let stopWaiting = () => {};
  const aborted = new Promise<void>((resolve) => {
    stopWaiting = resolve;
  });
  signal?.addEventListener("abort", stopWaiting, { once: true });
  const isOver = await endsWithin(Promise.race([answered, aborted]), timeoutMs);
  signal?.removeEventListener("abort", stopWaiting);
  if (isOver && !signal?.aborted) return await answered;
  await endProgram(child, answered);
  signal?.throwIfAborted();
  return { stdout: "", failed: true, why: `it did not answer within ${Math.round(timeoutMs / 1000)} s` };
}

function start(program: string, args: readonly string[], maxBuffer?: number) {
  return startProgram(program, args, {
    reject: false,
    stdin: "ignore",
    stripFinalNewline: false,
    ...(maxBuffer !== undefined && { maxBuffer }),
  });
}
