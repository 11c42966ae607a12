import { closeSync, openSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import type { FarmLab } from "./lab/lab.ts";
import { builtProgram, LabCoordinator } from "./lab/lab-coordinator.ts";
import { type LabProgram, startProgram, within } from "./lab/lab-program.ts";

/** What `npm run test:windows` found or fetched: see scripts/windows/wine.mjs. */
interface WindowsTools {
  readonly wine: string;
  readonly template: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly programs: { readonly node: string; readonly ffmpeg: string; readonly ffprobe: string };
  /** A folder for the files of the tests, on the file system of the template. */
  readonly workshop: string;
}

/** How a Windows program ended, and its output. */
export interface WindowsEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const given = process.env.RENDERFARM_WINDOWS;

/** Why there is no Windows here; undefined when there is. */
export const windowsProblem: string | undefined =
  given === undefined ? "`npm run test:windows` sets up Wine" : undefined;

/** A path of this machine as Windows writes it. */
export function windowsPath(path: string): string {
  return `Z:${path.replaceAll("/", "\\")}`;
}

/** The lab's host "windows" as a fresh Windows machine: Wine, with Node and FFmpeg for Windows. */
export class WindowsMachine {
  readonly #lab: FarmLab;
  readonly #tools: WindowsTools;
  readonly #prefix: string;
  #programs = 0;

  private constructor(lab: FarmLab, tools: WindowsTools) {
    this.#lab = lab;
    this.#tools = tools;
    this.#prefix = join(tools.workshop, lab.run);
  }

  static async open(lab: FarmLab): Promise<WindowsMachine> {
    const windows = new WindowsMachine(lab, JSON.parse(given ?? "") as WindowsTools);
    await execa("cp", ["-al", windows.#tools.template, windows.#prefix]); // the files are only read; the registry is replaced
    await mkdir(lab.path("said"));
    return windows;
  }

  /** Starts the command line with --json. */
  coordinate(args: readonly string[], cwd = this.#lab.path(".")): LabCoordinator {
    const { program, output } = this.#start([this.#tools.programs.node, builtProgram, ...args, "--json"], cwd);
    // It ends with the program, and has read its last lines by then.
    const tail = startProgram(["tail", "--follow", "--bytes=+1", `--pid=${program.child.pid}`, output], {}, cwd);
    if (tail.child.stdout === null) throw new Error("Cannot read the events: tail has no standard output");
    const ended = Promise.all([program.ended, tail.ended]);
    return new LabCoordinator({ child: program.child, ended: ended.then(([end]) => end) }, tail.child.stdout);
  }

  /** Runs the command line to its end. */
  renderfarm(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<WindowsEnd> {
    return this.run([this.#tools.programs.node, builtProgram, ...args], env);
  }

  /** Runs a program to its end. @param words The program by its path or name, and its arguments */
  async run(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<WindowsEnd> {
    const { program, output } = this.#start(words, this.#lab.path("."), env);
    const { code, stderr } = await within(program.ended, 90_000, () => `the end of ${words.join(" ")}`);
    return { code, stderr, stdout: await readFile(output, "utf8") };
  }

  /** Starts FFmpeg as a player: it keeps the file open for as long as the film lasts. */
  play(file: string): LabProgram {
    const args = ["-v", "error", "-re", "-stream_loop", "-1", "-i", windowsPath(file), "-f", "null", "-"];
    return this.#start([this.#tools.programs.ffmpeg, ...args], this.#lab.path(".")).program;
  }

  /** Node for Windows, for scripts. */
  get node(): string {
    return this.#tools.programs.node;
  }

  #start(words: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}) {
    const output = this.#lab.path(`said/${this.#programs++}.txt`);
    closeSync(openSync(output, "w"));
    // Node for Windows cannot write into a Unix pipe. The shell becomes Wine, and Wine the program: one process.
    const into = ["sh", "-c", 'exec "$@" > "$0" 2> "$0.errors" < /dev/null', output, this.#tools.wine];
    const all = {
      ...{ ...this.#lab.environment, ...this.#tools.environment, ...env },
      ...{ WINEPREFIX: this.#prefix, TMPDIR: this.#tools.workshop }, // for Wine itself; Windows has its own TEMP
    };
    const { child, ended } = startProgram([...this.#lab.deskWords, ...into, ...words], all, cwd);
    const told = ended.then(async (end) => ({ ...end, stderr: await readFile(`${output}.errors`, "utf8") }));
    return { program: { child, ended: told }, output };
  }
}
