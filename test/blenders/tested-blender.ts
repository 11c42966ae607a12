import { fileURLToPath } from "node:url";
import { execa } from "execa";

/** One of the Blenders that scripts/blenders/test.mjs has found or installed. */
export interface TestedBlender {
  /** Its version, "2.83.5". */
  readonly version: string;
  /** Path of the program; inside the root folder if there is one. */
  readonly program: string;
  /** Root folder of the system it is installed in; absent for this machine's own Blender. */
  readonly root?: string;
  /** Identifies the root folder's contents: another system draws EEVEE differently. */
  readonly stamp?: string;
  /** What EEVEE needs in the root folder. */
  readonly display?: "none" | "xvfb";
}

/** The Blenders of this run, the oldest first; empty unless the tests were started with `npm run test:blenders`. */
export const testedBlenders = JSON.parse(process.env.RENDERFARM_TESTED_BLENDERS ?? "[]") as readonly TestedBlender[];

const enter = fileURLToPath(new URL("../../scripts/blenders/blender-in-root.sh", import.meta.url));
const tests = fileURLToPath(new URL("..", import.meta.url));
const nodeScripts = fileURLToPath(new URL("../../blender_scripts", import.meta.url));

/**
 * Words that run this Blender if a command line of this machine's Blender follows: they replace its program.
 *
 * @param folders Further folders that it may see, under the same paths, besides the tests and the node's scripts
 */
export function wordsOf(blender: TestedBlender, ...folders: string[]): readonly string[] {
  if (blender.root === undefined) return [];
  return ["sh", enter, blender.root, blender.display ?? "none", tests, nodeScripts, ...folders, "--"];
}

/** Runs this Blender to its end, in an environment of its own. @returns What it wrote */
export async function runBlender(
  blender: TestedBlender,
  folder: string,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const [command = "", ...words] = [...wordsOf(blender, folder), blender.program, ...args];
  const env = { PATH: process.env.PATH ?? "", HOME: folder, TMPDIR: folder, LANG: "C.UTF-8", ...more };
  return (await execa(command, words, { env, extendEnv: false, all: true })).all;
}
