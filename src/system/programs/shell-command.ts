import { messageOf } from "../../core/errors.ts";
import { startProgram } from "./start-program.ts";

export interface ShellCommandOptions {
  /** Text for its standard input. */
  readonly input: string;
  /** Whether its output goes to standard error, because standard output is for something else. */
  readonly onStderr: boolean;
  readonly environment?: NodeJS.ProcessEnv;
  readonly platform?: NodeJS.Platform;
}

/**
 * Runs a command by the user's shell, as if it had been typed, to its end. Ctrl-C in the terminal ends the command and
 * not this program.
 *
 * @returns Why it failed; `undefined` if it did not
 */
export async function runShellCommand(command: string, options: ShellCommandOptions): Promise<string | undefined> {
  const { input, onStderr, environment = process.env, platform = process.platform } = options;
  const ignore = () => {};
  process.on("SIGINT", ignore);
  try {
    const { failed, exitCode, signal, originalMessage } = await startProgram(command, [], {
      ...{ shell: shellOf(platform, environment), input, reject: false, buffer: false, detached: false },
      ...{ stdout: onStderr ? 2 : "inherit", stderr: "inherit" },
    } as const);
    if (!failed) return undefined;
    if (signal !== undefined) return `it was ended by ${signal}`;
    return exitCode === undefined ? (originalMessage ?? "it did not start") : `it exited with code ${exitCode}`;
  } catch (error) {
    return messageOf(error); // no file descriptor is left
  } finally {
    process.off("SIGINT", ignore);
  }
}

/** @returns The shell's path; `true` for the system's own */
function shellOf(platform: NodeJS.Platform, { SHELL }: NodeJS.ProcessEnv): string | true {
  if (platform === "win32" || !SHELL || /\/(nologin|false)$/.test(SHELL)) return true;
  return SHELL;
}
