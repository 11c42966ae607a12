import type { ChildProcess } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { execa, type Options, type Subprocess } from "execa";
import { homeFolder } from "../files/home-folder.ts";

/** A program that was started, whatever is connected to it. */
export type Program = Subprocess;

/**
 * Starts a program as execa does, out of reach of the terminal: a Ctrl-C comes to this program alone, which decides what it
 * means. That no file descriptor is left is an error that can be caught, and there is a `HOME`.
 *
 * Node makes a process without streams then, at which execa breaks with a `TypeError`, and tells the reason a moment
 * later to listeners that nobody could add any more: an uncaught error, the end of this program.
 *
 * @throws {Error} The system's, with the code `EMFILE`; any other reason is in execa's result
 */
export function startProgram<Given extends Options>(
  program: string,
  args: readonly string[],
  options: Given,
  platform: NodeJS.Platform = process.platform,
) {
  const made: ChildProcess[] = [];
  const onMade = (message: unknown) => {
    const { process: child } = message as { readonly process: ChildProcess };
    child.on("error", () => {}); // who can be told is told by execa
    made.push(child);
  };
  subscribe("child_process", onMade);
  try {
    return execa(program, args, { ...apart(platform), ...options, env: { ...homeless(), ...options.env } });
  } catch (error) {
    // Only for want of descriptors, of this process (EMFILE) or of the system (ENFILE), are streams never made.
    if (made.length === 0 || made.some(({ stdio }) => stdio !== undefined)) throw error;
    throw Object.assign(new Error(`spawn ${program} EMFILE`, { cause: error }), { code: "EMFILE" });
  } finally {
    unsubscribe("child_process", onMade);
  }
}

/**
 * A process group of its own. On Windows a console of its own instead, which is not shown: a program that is detached has
 * none there, and then launchers, as Scoop and Chocolatey put them before a program, lose what theirs says.
 */
function apart(platform: NodeJS.Platform) {
  return { detached: platform !== "win32", windowsHide: true };
}

/** Blender 2.83 and 3.4 crash where neither the environment nor the system's list of users knows a home. */
function homeless(): Record<string, string> {
  return process.env.HOME || process.platform === "win32" ? {} : { HOME: homeFolder() };
}
