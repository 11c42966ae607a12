import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { blenderPath } from "../blender.ts";
import { killProcesses, type MarkedProcess, processesOf, remainingProcesses, testRunVariable } from "../processes.ts";
import { LabCoordinator } from "./lab-coordinator.ts";
import { type LabFolders, openLabFolders } from "./lab-folders.ts";
import { type LabNode, type NodeHost, startLabNode } from "./lab-node.ts";
import { within } from "./lab-program.ts";
import { NetworkLab, networkLabProblem } from "./network-lab.ts";

export { skipBecause } from "../skip.ts";

/** Why tests with real Blenders cannot run here; undefined when they can. */
export const blenderLabProblem: string | undefined =
  process.platform !== "linux"
    ? "the processes of a test are found in /proc, which only Linux has"
    : blenderPath === undefined
      ? "there is no Blender on PATH"
      : undefined;

/** The same for tests that need several hosts. */
export const farmLabProblem: string | undefined = blenderLabProblem ?? networkLabProblem;

interface LabNodeOptions {
  /** @default {"blender"} */
  readonly under?: NodeHost;
  /** More options of main.py. */
  readonly more?: readonly string[];
  /** Words to put before its program, to limit its resources. */
  readonly limits?: readonly string[];
  /** Called with everything it prints. */
  readonly hear?: (piece: string) => void;
}

/** What a test has left behind; it expects two empty lists. */
export interface Leftovers {
  readonly processes: MarkedProcess[];
  readonly files: string[];
}

/**
 * A farm for one test: hosts, real nodes and the real command line. They share a random key, and a mark that identifies
 * all their processes. The caller that opens it owns it: `await using`.
 */
export class FarmLab implements AsyncDisposable {
  readonly run = randomBytes(8).toString("hex");
  readonly #network: NetworkLab | undefined;
  readonly #folders: LabFolders;
  readonly #nodes: LabNode[] = [];
  #closed: Promise<void> | undefined;
  readonly #key = Array.from(randomBytes(32), (byte) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[byte % 32]).join("");

  private constructor(network: NetworkLab | undefined, folders: LabFolders) {
    this.#network = network;
    this.#folders = folders;
  }

  /** @param hosts Without any, everything runs on this machine itself */
  static async open(...hosts: string[]): Promise<FarmLab> {
    const network = hosts.length > 0 ? await NetworkLab.open(...hosts) : undefined;
    try {
      const lab = new FarmLab(network, await openLabFolders());
      // A test that timed out never reaches the end of its `await using`.
      onTestFinished(() => lab[Symbol.asyncDispose]());
      return lab;
    } catch (error) {
      await network?.[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A path in the test's own folder. */
  path(name: string): string {
    return join(this.#folders.work, name);
  }

  /** Starts a node, on the host of the same name if the lab has hosts. */
  async startNode(name: string, options: LabNodeOptions = {}): Promise<LabNode> {
    const { under = "blender", more = [], limits = [], hear } = options;
    const on = [...(this.#network?.on(name) ?? []), ...limits];
    const place = { on, env: this.environment, folder: this.#folders.work, more, hear };
    const node = await startLabNode(name, under, place);
    this.#nodes.push(node);
    return node;
  }

  /**
   * Starts a node without the program Blender.
   *
   * @param folder Where Blender is as a Python module
   */
  async startModuleNode(name: string, folder: string): Promise<LabNode> {
    const env = { ...this.environment, PATH: this.path("no-programs"), PYTHONPATH: folder };
    const node = await startLabNode(name, "module", { on: [], env, folder: this.#folders.work });
    this.#nodes.push(node);
    return node;
  }

  /** Whether the coordinator's machine renders too, beside the nodes. */
  rendersHere = false;

  /** The cables between its hosts. */
  get network(): NetworkLab {
    if (this.#network === undefined) throw new Error("This lab has no hosts");
    return this.#network;
  }

  /** The whole environment of every program of the lab. */
  get environment(): Readonly<Record<string, string>> {
    return {
      PATH: process.env.PATH ?? "",
      HOME: this.#folders.work,
      LANG: "C.UTF-8",
      TMPDIR: this.#folders.temporary,
      RENDERFARM_KEY: this.#key,
      RENDERFARM_CONFIG_DIR: this.path("coordinator-config"),
      RENDERFARM_CACHE_DIR: this.path("coordinator-cache"),
      [testRunVariable]: this.run,
    };
  }

  /** Words to put before a program to run it on the host "desk"; none if the lab has no hosts. */
  get deskWords(): readonly string[] {
    return this.#network?.on("desk") ?? [];
  }

  /** Every living process of the lab. */
  processes(): Promise<MarkedProcess[]> {
    return processesOf(this.run);
  }

  /**
   * Starts the command line, on the host "desk" if the lab has hosts.
   *
   * @param limits Words to put before the program, to limit its resources
   */
  coordinate(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    limits: readonly string[] = [],
  ): LabCoordinator {
    const on = [...this.deskWords, ...limits];
    const isRender = args.some((word) => word === "-o" || word === "--output");
    const words = isRender && !this.rendersHere ? [...args, "--not-here"] : args;
    return LabCoordinator.start(words, on, { ...this.environment, ...env }, this.#folders.work);
  }

  /**
   * Ends the nodes as their owner would, by their standard input, and returns what is left of the whole test.
   *
   * @param dead Names of nodes that were killed and not started again: their successors would clean their caches
   */
  async leftovers(dead: readonly string[] = []): Promise<Leftovers> {
    for (const node of this.#nodes) node.child.stdin?.end();
    const ends = Promise.all(this.#nodes.map((node) => node.ended));
    await within(ends, 20_000, () => "the nodes to end after their standard input closed");
    const folders = [this.#folders, ...this.#nodes.filter(({ name }) => !dead.includes(name))].map((place) =>
      place.leftovers(),
    );
    return { processes: await remainingProcesses(this.run), files: (await Promise.all(folders)).flat() };
  }

  /** Idempotent: every caller awaits the same end. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    // A process that is ending may still start another; a folder cannot be removed while one still writes there.
    for (let round = 0; round < 20; round += 1) {
      await killProcesses(this.run);
      if ((await remainingProcesses(this.run, 500)).length === 0) break;
    }
    await this.#network?.[Symbol.asyncDispose]();
    await this.#folders[Symbol.asyncDispose]();
  }
}

/** The tests run the built program: a missing build must not look like a failure of the program. */
export function requireBuild(): void {
  const built = new URL("../../../dist/cli/main.js", import.meta.url);
  if (!existsSync(built)) throw new Error("Cannot test the program: dist/ is not built, run `npm run build`");
}
