import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { type LabFolders, openLabFolders } from "../lab/lab-folders.ts";
import { FakeNode, type FakeNodeOptions } from "../nodes/fake-node.ts";
import { type FakeNodeServer, serveFakeNode } from "../nodes/fake-node-server.ts";
import { killProcesses, type MarkedProcess, remainingProcesses, testRunVariable } from "../processes.ts";
import type { TmuxTerminal } from "./tmux.ts";

const main = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));
const builder = new URL("../../../scripts/build.mjs", import.meta.url).href;

type Variables = Readonly<Record<string, string>>;

/** A fake node, and its address as `--nodes` takes it. */
export interface ServedNode {
  readonly node: FakeNode;
  readonly at: string;
}

/**
 * A user's folder with the built program, isolated from this machine's own settings. A mark identifies everything that
 * is started in it. `await using`.
 */
export class TerminalLab implements AsyncDisposable {
  /** Words that run a program on its host, for labs with their own network. */
  on: readonly string[] = [];
  readonly run: string;
  readonly #folders: LabFolders;
  readonly #servers: FakeNodeServer[] = [];
  #typed = 0;

  private constructor(folders: LabFolders) {
    this.#folders = folders;
    this.run = folders.work;
  }

  static async open(): Promise<TerminalLab> {
    const { build } = (await import(/* @vite-ignore */ builder)) as { build: (say: () => void) => Promise<void> };
    await build(() => {});
    const lab = new TerminalLab(await openLabFolders());
    await mkdir(join(lab.#program, ".."));
    await symlink(main, lab.#program);
    return lab;
  }

  /** A path in the folder that the program runs in. */
  path(name = ""): string {
    return join(this.#folders.work, name);
  }

  /** The command, as npm links it into a folder on PATH. */
  get #program(): string {
    return join(this.#folders.temporary, "../bin/renderfarm");
  }

  get configFolder(): string {
    return join(this.#folders.temporary, "..", "config");
  }

  /** The whole environment of every program of the lab. */
  get environment(): Record<string, string> {
    return {
      ...{ PATH: process.env.PATH ?? "", HOME: join(this.#folders.temporary, ".."), LANG: "C.UTF-8", TERM: "screen" },
      ...{ TMPDIR: this.#folders.temporary, RENDERFARM_CONFIG_DIR: this.configFolder, [testRunVariable]: this.run },
      RENDERFARM_CACHE_DIR: join(this.#folders.temporary, "..", "cache"),
    };
  }

  /**
   * Makes a file that fake nodes and the header reader accept as a blendfile.
   *
   * @param range The frames of its scene "Scene", if they are to be known without a node
   */
  async makeBlend(name: string, savedBy = "304", range?: readonly [first: number, last: number]): Promise<string> {
    const path = this.path(name);
    await mkdir(join(path, ".."), { recursive: true });
    const block = Buffer.alloc(24 + 72);
    block.write("REND");
    block.writeUInt32LE(72, 4);
    for (const [index, frame] of (range ?? []).entries()) block.writeInt32LE(frame, 24 + 4 * index);
    block.write("Scene", 32);
    const begin = range === undefined ? "REND" : block;
    await writeFile(
      path,
      Buffer.concat([Buffer.from(`BLENDER-v${savedBy}`), Buffer.from(begin), Buffer.from(name.repeat(200))]),
    );
    return path;
  }

  async serve(options: FakeNodeOptions = {}): Promise<ServedNode> {
    const node = new FakeNode({ ...options }); // a test may change the options while the node runs
    const server = await serveFakeNode(node);
    this.#servers.push(server);
    return { node, at: `${server.address.host}:${server.address.port}` };
  }

  /**
   * Runs the program with pipes instead of a terminal, to its end.
   *
   * @param more.stop Ends it with SIGTERM
   */
  renderfarm(args: readonly string[], more: { env?: Variables; input?: string; stop?: AbortSignal } = {}) {
    const [command = "", ...words] = [...this.on, process.execPath, this.#program, ...args];
    return execa(command, words, {
      ...{ cwd: this.path(), env: { ...this.environment, ...more.env }, extendEnv: false, reject: false },
      ...(more.stop && { cancelSignal: more.stop }),
      ...(more.input === undefined ? { stdin: "ignore" as const } : { input: more.input }),
    });
  }

  /** Runs a command as a shell would that finds the program on PATH, in the folder that the program ran in. */
  shell(command: string) {
    const env = { ...this.environment, PATH: `${join(this.#program, "..")}:${process.env.PATH}` };
    const options = { cwd: this.path(), env, extendEnv: false, reject: false, stdin: "ignore" } as const;
    return execa("sh", ["-c", command], options);
  }

  /**
   * Runs the program in a terminal; `ended` waits for its end.
   *
   * @param after What the shell does with its output, for example "| cat"
   */
  async type(terminal: TmuxTerminal, args: readonly string[], env: Variables = {}, after = ""): Promise<void> {
    if (this.#typed > 0) {
      // Otherwise the last run's questions could be taken for those of this one.
      await terminal.typeLine("clear");
      await terminal.until("an empty screen", (screen) => !screen.includes("ended with"));
    }
    this.#typed += 1;
    const variables = Object.entries({ ...this.environment, ...env }).map(([name, value]) => `${name}=${value}`);
    const words = ["env", "-i", ...variables, ...this.on, process.execPath, this.#program, ...args];
    const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
    const script = join(this.#folders.temporary, "..", "command.sh");
    await writeFile(script, `cd '${this.path()}' && ${quoted}\necho "run ${this.#typed} ended with $?"\n`);
    await terminal.typeLine(`clear; sh ${script} ${after}`);
  }

  /** Waits until the last typed program has ended. @returns Its exit code */
  async ended(terminal: TmuxTerminal): Promise<number> {
    const end = new RegExp(`^run ${this.#typed} ended with (\\d+)$`, "m");
    return Number(end.exec(await terminal.until("the end", (screen) => end.test(screen)))?.[1]);
  }

  /** Every file and folder with its contents, to compare before and after. */
  async listing(): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const entry of await readdir(this.path(), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const digest = async () =>
        createHash("sha256")
          .update(await readFile(path))
          .digest("hex");
      found[path.slice(this.path().length)] = entry.isFile() ? await digest() : "folder";
    }
    return found;
  }

  /** What is left of the programs and their temporary files. */
  async leftovers(): Promise<{ processes: MarkedProcess[]; files: string[] }> {
    return { processes: await remainingProcesses(this.run), files: await this.#folders.leftovers() };
  }

  /** What went wrong on the side of the fake nodes. */
  get problems(): unknown[] {
    return this.#servers.flatMap((server) => server.problems);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await killProcesses(this.run);
    for (const server of this.#servers) await server[Symbol.asyncDispose]();
    await this.#folders[Symbol.asyncDispose]();
  }
}
