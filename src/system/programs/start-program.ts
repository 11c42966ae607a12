import type { ChildProcess } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { execa, type Options, type Subprocess } from "execa";
import { homeFolder } from "../files/home-folder.ts";

/** A started program. */
export type Program = Subprocess;

/**
 * Starts a program with execa in its own process group, so that Ctrl-C in the terminal only reaches this program. It
 * makes sure that `HOME` is set, and that running out of file descriptors is an error that can be caught.
 *
 * Without that, Node makes a process without streams, execa fails with a `TypeError`, and a moment later Node reports
 * the reason to listeners that nobody could add: an uncaught error, which stops this program.
 *
 * @throws {Error} The system's error with the code `EMFILE`; any other failure is in execa's result
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
    child.on("error", () => {}); // execa reports it to its caller
    made.push(child);
  };
  subscribe("child_process", onMade);
  try {
    return execa(program, args, { ...ownGroup(platform), ...options, env: { ...missingHome(), ...options.env } });
  } catch (error) {
    // Streams are only missing if this process (EMFILE) or the system (ENFILE) has no descriptors left.
    if (made.length === 0 || made.some(({ stdio }) => stdio !== undefined)) throw error;
    throw Object.assign(new Error(`spawn ${program} EMFILE`, { cause: error }), { code: "EMFILE" });
  } finally {
    unsubscribe("child_process", onMade);
  }
}

/**
 * Gives the program its own process group; on Windows its own hidden console. A detached program has no console there,
 * and then the launchers of Scoop and Chocolatey lose the output of the program that they start.
 */
function ownGroup(platform: NodeJS.Platform) {
  return { detached: platform !== "win32", windowsHide: true };
}

/** Blender 2.83 and 3.4 crash if neither the environment nor the system's list of users has a home folder. */
function missingHome(): Record<string, string> {
  return process.env.HOME || process.platform === "win32" ? {} : { HOME: homeFolder() };
}
