import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { FarmLab, type Leftovers } from "../support/lab/lab.ts";
import { builtProgram, type LabCoordinator } from "../support/lab/lab-coordinator.ts";
import { type LabNode, startLabNode } from "../support/lab/lab-node.ts";
import { within } from "../support/lab/lab-program.ts";
import { testRunVariable } from "../support/processes.ts";
import { type TestedBlender, wordsOf } from "./tested-blender.ts";

const key = "AEBAGBAFAYDQQCIKBMGA2DQPCAIREEYU";

/** Without a logged-in user, the sound library of 5.2 keeps this one folder per machine, always with this name. */
const soundFolder = "pulse-PKdhtXMmr18n";

/** Words that run a command where a folder, which comes first, is empty. */
const emptyHere = [
  ...["unshare", "--mount", "--propagation", "private"],
  ...["sh", "-c", 'mount -t tmpfs none "$0" && exec "$@"'],
];

/** A farm on this machine whose nodes are Blenders of different versions. The opener owns it: `await using`. */
export class VersionLab implements AsyncDisposable {
  readonly #lab: FarmLab;
  readonly #nodes: LabNode[] = [];

  private constructor(lab: FarmLab) {
    this.#lab = lab;
  }

  static async open(): Promise<VersionLab> {
    return new VersionLab(await FarmLab.open());
  }

  path(name: string): string {
    return this.#lab.path(name);
  }

  /**
   * Starts a node in this Blender, named after its version.
   *
   * @param seen Folders that it sees besides its own
   */
  startNode(blender: TestedBlender, ...seen: string[]): Promise<LabNode> {
    return this.#start(blender, [], seen);
  }

  /** Starts a node with more variables and options of its own. */
  startNodeWith(
    blender: TestedBlender,
    own: { readonly env: Readonly<Record<string, string>>; readonly more: readonly string[] },
  ): Promise<LabNode> {
    return this.#start(blender, [], [], own);
  }

  /** Starts a node on whose file system this folder is empty. */
  startNodeWithout(folder: string, blender: TestedBlender): Promise<LabNode> {
    return this.#start(blender, [...emptyHere, folder], []);
  }

  async #start(
    blender: TestedBlender,
    before: readonly string[],
    seen: readonly string[],
    { env: more = {}, more: options = [] }: Partial<Parameters<VersionLab["startNodeWith"]>[1]> = {},
  ): Promise<LabNode> {
    const folder = this.#lab.path("");
    const temporary = this.#lab.path(`tmp-${blender.version}`);
    await mkdir(temporary);
    const env = {
      PATH: process.env.PATH ?? "",
      HOME: folder,
      LANG: "C.UTF-8",
      TMPDIR: temporary,
      RENDERFARM_KEY: key,
      [testRunVariable]: this.#lab.run,
      ...(blender.root === undefined ? { BLENDER: blender.program } : {}),
      ...more,
    };
    const node = await startLabNode(blender.version, "blender", {
      ...{ on: [...before, ...wordsOf(blender, folder, ...seen)], env, folder, more: options },
    });
    this.#nodes.push(node);
    return node;
  }

  /** Starts the command line with all nodes named, so that none has to be found. */
  coordinate(args: readonly string[], environment: Readonly<Record<string, string>> = {}): LabCoordinator {
    const nodes = this.#nodes.map(({ port }) => `127.0.0.1:${port}`).join(",");
    return this.#lab.coordinate([...args, "--nodes", nodes, "--keep-frames", "--yes"], {
      ...environment,
      RENDERFARM_KEY: key,
    });
  }

  /** What `renderfarm check --json` says, with all nodes named. */
  async check(args: readonly string[]): Promise<Record<string, unknown>> {
    const nodes = this.#nodes.map(({ port }) => `127.0.0.1:${port}`).join(",");
    const words = [builtProgram, "check", ...args, "--nodes", nodes, "--json"];
    const env = { ...this.#lab.environment, RENDERFARM_KEY: key };
    return JSON.parse((await execa(process.execPath, words, { extendEnv: false, env, cwd: this.path("") })).stdout);
  }

  /** Blendfiles that a node has, whole or in part. */
  async blobsOf(node: LabNode): Promise<string[]> {
    const cache = this.#lab.path(join(node.name, "cache"));
    const found = await readdir(cache, { recursive: true, withFileTypes: true });
    return found.filter((entry) => entry.isFile() && /^[0-9a-f]{64}$/.test(entry.name)).map((entry) => entry.name);
  }

  /** Ends the nodes as their owner would. @returns What is left */
  async leftovers(): Promise<Leftovers> {
    for (const node of this.#nodes) node.child.stdin?.end();
    const ends = Promise.all(this.#nodes.map((node) => node.ended));
    await within(ends, 20_000, () => "the nodes to end with their standard input");
    const folders = this.#nodes.flatMap((node) => [node.leftovers(), readdir(this.#lab.path(`tmp-${node.name}`))]);
    const { processes, files } = await this.#lab.leftovers();
    const own = (await Promise.all(folders)).flat().filter((name) => name !== soundFolder);
    return { processes, files: [...files, ...own] };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#lab[Symbol.asyncDispose]();
  }
}
