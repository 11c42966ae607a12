import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { send } from "../support/processes.ts";

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
/** The folder of the scripts that run in a Blender. */
export const nodeScripts = fileURLToPath(new URL("../../blender_scripts", import.meta.url));

/**
 * Words that run this Blender if a command line of this machine's Blender follows: they replace its program.
 *
 * @param folders Further folders that it may see, under the same paths, besides the tests and the node's scripts
 */
export function wordsOf(blender: TestedBlender, ...folders: string[]): readonly string[] {
  if (blender.root === undefined) return [];
  return ["sh", enter, blender.root, blender.display ?? "none", tests, nodeScripts, ...folders, "--"];
}

/**
 * Runs this Blender to its end, in an environment of its own, and then ends what it has started: the fluids of 2.83 fork
 * children that sometimes wait for ever, and would keep a pipe open.
 *
 * @returns What it wrote
 * @throws If it fails, with what it wrote
 */
export async function runBlender(
  blender: TestedBlender,
  folder: string,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const [command = "", ...words] = [...wordsOf(blender, folder), blender.program, ...args];
  const env = { PATH: process.env.PATH ?? "", HOME: folder, TMPDIR: folder, LANG: "C.UTF-8", ...more };
  const said = join(await mkdtemp(join(tmpdir(), "renderfarm-blender-")), "said");
  const log = await open(said, "w");
  try {
    const child = spawn(command, words, { env, stdio: ["ignore", log.fd, log.fd], detached: true });
    const [code, signal] = await once(child, "exit");
    if (child.pid !== undefined) send(-child.pid, "SIGKILL");
    const text = await readFile(said, "utf8");
    if (code !== 0) throw new Error(`${blender.program} ended with ${code ?? signal}: ${args.join(" ")}\n${text}`);
    return text;
  } finally {
    await log.close();
    await rm(dirname(said), { recursive: true });
  }
}
