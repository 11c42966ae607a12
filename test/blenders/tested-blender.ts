import { fileURLToPath } from "node:url";
import { execa } from "execa";

/** One of the Blenders that scripts/blenders/test.mjs has found or made. */
export interface TestedBlender {
  /** Its version, "2.83.5". */
  readonly version: string;
  /** The program, named as it is inside the root folder when there is one. */
  readonly program: string;
  /** Root folder of the system it is installed in; absent for this machine's own. */
  readonly root?: string;
  /** The root folder's stamp: another system draws another EEVEE. */
  readonly stamp?: string;
  /** What EEVEE needs in the root folder. */
  readonly display?: "none" | "xvfb";
}

/** The Blenders of this run, the oldest first; empty when the tests were not started by `npm run test:blenders`. */
export const testedBlenders = JSON.parse(process.env.RENDERFARM_TESTED_BLENDERS ?? "[]") as readonly TestedBlender[];

const enter = fileURLToPath(new URL("../../scripts/blenders/blender-in-root.sh", import.meta.url));
const tests = fileURLToPath(new URL("..", import.meta.url));
const nodeScripts = fileURLToPath(new URL("../../blender_scripts", import.meta.url));

/**
 * Words that run this Blender when the words for a Blender of this machine follow: they replace its program.
 *
 * @param folders What it may see beside the tests and the node's scripts, under the same names
 */
export function wordsOf(blender: TestedBlender, ...folders: string[]): readonly string[] {
  if (blender.root === undefined) return [];
  return ["sh", enter, blender.root, blender.display ?? "none", tests, nodeScripts, ...folders, "--"];
}

/** Runs this Blender to its end, in an environment of its own. */
export async function runBlender(blender: TestedBlender, folder: string, args: readonly string[]): Promise<void> {
  const [command = "", ...words] = [...wordsOf(blender, folder), blender.program, ...args];
  const env = { PATH: process.env.PATH ?? "", HOME: folder, TMPDIR: folder, LANG: "C.UTF-8" };
  await execa(command, words, { env, extendEnv: false, all: true });
}
