import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { FarmError } from "../core/errors.ts";
import { type FarmKey, formatFarmKey, makeFarmKey } from "../core/farm-key.ts";
import type { Sighting } from "../core/node.ts";
import type { BlenderProgram } from "./blender-program.ts";
import { endNode, nodeArguments, nodeEnvironment } from "./node-process.ts";

const startingTimeoutMs = 60_000;
const lookEveryMs = 50;
const mostOutputCharacters = 4_000;

/** What the node writes once it serves. */
interface Ready {
  readonly node: string;
  readonly name: string;
  readonly port: number;
}

type NodeProcess = ReturnType<typeof startNode>;

/**
 * A render node on this machine that belongs to one job: it listens on loopback only, has a key of its own that nobody
 * else knows, and ends with the job. Should this process die, the node's stdin closes: it ends by itself, and
 * removes its folder.
 */
export class EmbeddedNode implements AsyncDisposable {
  readonly sighting: Sighting;
  readonly key: FarmKey;
  readonly #child: NodeProcess;
  readonly #folder: string;
  #disposed: Promise<void> | undefined;

  private constructor(sighting: Sighting, key: FarmKey, child: NodeProcess, folder: string) {
    this.sighting = sighting;
    this.key = key;
    this.#child = child;
    this.#folder = folder;
  }

  /** @throws {FarmError} `FARM_NO_NODE` with the node's own last lines, when it does not start */
  static async open(
    blender: BlenderProgram,
    options: { slots: number; cacheFolder: string },
    signal: AbortSignal,
  ): Promise<EmbeddedNode> {
    const folder = await mkdtemp(join(tmpdir(), "renderfarm-node-"));
    const ready = join(folder, "ready.json");
    const key = makeFarmKey();
    const nodeOptions = [
      ...[
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--no-mdns",
        "--name",
        "this machine",
        "--slots",
        String(options.slots),
      ],
      ...["--cache-dir", options.cacheFolder, "--config-dir", folder, "--ready-file", ready, "--exit-with-stdin"],
      "--remove-config-dir", // should this process be killed, nobody else is left to do it
    ];
    const child = startNode(blender.path, nodeOptions, key);
    let output = "";
    child.all?.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-mostOutputCharacters);
    });
    try {
      const { node, name, port } = await readWhenThere(ready, child, () => output, signal);
      const sighting: Sighting = {
        ...{ id: node, name, addresses: [{ host: "127.0.0.1", port }], blenderVersion: blender.version },
        ...{ slots: options.slots, keyId: key.id, source: "embedded" },
      };
      return new EmbeddedNode(sighting, key, child, folder);
    } catch (error) {
      await endNode(child);
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= endNode(this.#child).then(() => rm(this.#folder, { recursive: true, force: true }));
    return this.#disposed;
  }
}

function startNode(blender: string, nodeOptions: readonly string[], key: FarmKey) {
  return execa(blender, nodeArguments(nodeOptions), {
    // By environment, since everybody on this machine may read command lines.
    env: { ...nodeEnvironment(blender), RENDERFARM_KEY: formatFarmKey(key) },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
    all: true,
    buffer: false,
    detached: true, // a Ctrl-C must reach only the program that decides
    reject: false,
  });
}

async function readWhenThere(
  file: string,
  child: NodeProcess,
  output: () => string,
  signal: AbortSignal,
): Promise<Ready> {
  const deadline = performance.now() + startingTimeoutMs;
  while (child.exitCode === null && child.signalCode === null && performance.now() < deadline) {
    signal.throwIfAborted();
    const text = await readFile(file, "utf8").catch(() => undefined);
    if (text !== undefined) return JSON.parse(text) as Ready; // our own program wrote it, whole, in one rename
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
  throw new FarmError(
    "FARM_NO_NODE",
    `Cannot start a render node on this machine; it said:\n${output().trim() || "(nothing)"}`,
    "Run the same Blender by hand to see more: blender -b -P blender_scripts/main.py",
  );
}
