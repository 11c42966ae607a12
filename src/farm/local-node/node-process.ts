import { once } from "node:events";
import { existsSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { basename, delimiter, dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { endsWithin } from "../../core/time-limit.ts";
import { killGraceMs, killTree } from "../../system/programs/end-program.ts";
import type { Program } from "../../system/programs/start-program.ts";

/** Path of the script, part of this package, that turns Blender into a render node. */
export const nodeScript = fileURLToPath(new URL("../../../blender_scripts/main.py", import.meta.url));

/** Where a system keeps its own programs. The node has the same list. */
const systemPrefixes = new Set(["/", "/usr", "/usr/local", "/opt/homebrew"]);
const pythons = ["python3", "python"];

export interface EndTimeouts {
  /** From the end of stdin to SIGTERM. */
  readonly termMs: number;
  /** From the end of stdin to SIGKILL. */
  readonly killMs: number;
}

const usualTimeouts: EndTimeouts = { termMs: 4_000, killMs: 8_000 };

/** Blender's arguments for a node with these options of `main.py`. */
export function nodeArguments(nodeOptions: readonly string[]): string[] {
  // Without an exit code for Python errors, a node that failed would seem to have succeeded.
  const blenderOptions = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "70", "-P", nodeScript];
  return [...blenderOptions, "--", ...nodeOptions];
}

/**
 * Changes to the environment for a node: PATH without the folders of Pythons that are not the system's. A
 * distribution's Blender takes the library of the first Python on PATH, and that of a virtual environment, pyenv or
 * conda may not fit it.
 */
export function nodeEnvironment(
  blender: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  const { PATH } = environment;
  if (PATH === undefined || process.platform === "win32") return { BLENDER: blender };
  // A folder with a shell is the system's after all, and the folder of Blender itself is needed.
  const needed = basename(blender) === blender ? ["sh", blender] : ["sh"];
  const isForeign = (folder: string) =>
    isAbsolute(folder) &&
    !systemPrefixes.has(dirname(folder)) &&
    pythons.some((name) => existsSync(join(folder, name))) &&
    !needed.some((name) => existsSync(join(folder, name)));
  const folders = PATH.split(delimiter).filter((folder) => !isForeign(folder));
  return { BLENDER: blender, PATH: folders.join(delimiter) };
}

/** Lets other programs come first. What the node starts inherits that. */
export function lowerPriority({ pid }: Program): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {} // it has ended already, or the system refuses
}

/**
 * Closes a node's stdin, which asks it to end; later sends SIGTERM, then SIGKILL. A signal must not come first: on
 * Windows it ends the node at once, and its slots would go on.
 *
 * @returns False if not even SIGKILL has ended it, because a disk that does not answer holds it in the kernel. Nothing
 * waits for it any more then
 */
export async function endNode(child: Program, timeouts: EndTimeouts = usualTimeouts): Promise<boolean> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return true;
  const exited = once(child, "exit");
  child.stdin?.end();
  if (await endsWithin(exited, timeouts.termMs)) return true;
  killTree(child, "SIGTERM");
  if (await endsWithin(exited, timeouts.killMs - timeouts.termMs)) return true;
  killTree(child, "SIGKILL");
  if (await endsWithin(exited, killGraceMs)) return true;
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
  child.unref();
  return false;
}
