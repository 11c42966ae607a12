import { messageOf, systemCodeOf } from "../../core/errors.ts";
import { endsWithin } from "../../core/time-limit.ts";
import { endProgram } from "./end-program.ts";
import { startProgram } from "./start-program.ts";

export interface AskOptions {
  /** After this time the program is killed, and has failed. */
  readonly timeoutMs: number;
  /** Most bytes of the answer; a longer answer is a failure. */
  readonly maxBuffer?: number;
  /** Aborting stops the program, and rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Variables for it besides this program's own. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface ProgramAnswer {
  readonly stdout: string;
  /** What the program wrote to standard error, also if it did not fail; empty if it was not started, or killed. */
  readonly stderr: string;
  readonly failed: boolean;
  /** The program's error message, or how it ended. */
  readonly why: string;
  /** The system's error code if the program could not be started, for example "ENOENT". */
  readonly systemCode?: string | undefined;
}

/** Of a program that has not run to its end. */
const nothing = { stdout: "", stderr: "", failed: true };

/**
 * Runs a program and returns its output. It has its own process group, so that Ctrl-C in the terminal reaches only this
 * program. It always resolves: a program that neither answers nor can be killed is abandoned.
 */
export async function askProgram(
  program: string,
  args: readonly string[],
  { timeoutMs, maxBuffer, signal, env }: AskOptions,
): Promise<ProgramAnswer> {
  signal?.throwIfAborted();
  let child: ReturnType<typeof start>;
  try {
    child = start(program, args, { maxBuffer, env });
  } catch (error) {
    return { ...nothing, why: messageOf(error), systemCode: systemCodeOf(error) };
  }
  const answered = child.then(
    // A program that the system refuses to start has no output at all, whatever the types say.
    ({ failed, stdout = "", stderr = "", originalMessage, shortMessage, code }): ProgramAnswer => ({
      ...{ stdout, stderr, failed, systemCode: code },
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
  return { ...nothing, why: `it did not answer within ${Math.round(timeoutMs / 1000)} s` };
}

function start(
  program: string,
  args: readonly string[],
  { maxBuffer, env }: { [Name in "maxBuffer" | "env"]: AskOptions[Name] | undefined },
) {
  return startProgram(program, args, {
    reject: false,
    stdin: "ignore",
    stripFinalNewline: false,
    ...(maxBuffer !== undefined && { maxBuffer }),
    ...(env !== undefined && { env }),
  });
}
