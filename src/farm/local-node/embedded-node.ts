import { once } from "node:events";
import { mkdir, mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { formatFarmKey } from "../../config/farm-key-text.ts";
import { backOffMs } from "../../core/back-off.ts";
import { systemClock } from "../../core/clock.ts";
import { FarmError, messageOf, systemCodeOf } from "../../core/errors.ts";
import { type FarmKey, makeFarmKey } from "../../core/farm-key.ts";
import type { Sighting } from "../../core/node.ts";
import { discard, removeFile } from "../../system/files/held-files.ts";
import { freeBytes, isOutOfDescriptors, leastBytes, moreDescriptors } from "../../system/files/shortage.ts";
import { startProgram } from "../../system/programs/start-program.ts";
import type { BlenderProgram } from "./find-blender.ts";
import { endNode, lowerPriority, nodeArguments, nodeEnvironment } from "./node-process.ts";
import { type NodePermissions, permissionFlags } from "./permissions.ts";

const startingTimeoutMs = 60_000;
const lookEveryMs = 50;
const mostOutputCharacters = 4_000;
/** How often in a row it is restarted. One that has run for a while starts the count again. */
const mostRestarts = 5;
const wellAfterMs = 60_000;
/** The exit status of a node with wrong options. */
const usageStatus = 2;
const otherTemporaryFolder = "Set TMPDIR to a folder that is there, that this user can write to, and that has room";

export interface EmbeddedNodeOptions extends Partial<NodePermissions> {
  readonly slots: number;
  readonly cacheFolder: string;
  /** Whether programs of the user come first (default: not). */
  readonly isLowPriority?: boolean;
}

/** What stays the same when the node is restarted. */
interface Own {
  readonly folder: string;
  readonly key: FarmKey;
}

/** A running node. */
interface Serving {
  readonly child: NodeProcess;
  readonly sighting: Sighting;
  /** The last lines of its output so far. */
  readonly output: () => string;
}

/** What the node writes to its ready file. */
interface Ready {
  readonly node: string;
  readonly name: string;
  readonly port: number;
}

type NodeProcess = ReturnType<typeof startNode>;

/**
 * A render node on this machine that belongs to one job. It listens on loopback only, has a key that nobody else knows,
 * and ends with the job. If this process dies, the node's stdin closes: the node then ends by itself and removes its
 * folder.
 */
export class EmbeddedNode implements AsyncDisposable {
  readonly #blender: BlenderProgram;
  readonly #options: EmbeddedNodeOptions;
  readonly #own: Own;
  #serving: Serving;
  #disposed: Promise<void> | undefined;

  private constructor(blender: BlenderProgram, options: EmbeddedNodeOptions, own: Own, serving: Serving) {
    this.#blender = blender;
    this.#options = options;
    this.#own = own;
    this.#serving = serving;
  }

  /** @throws {FarmError} `FARM_NO_NODE` with the last lines of the node's output, if it does not start */
  static async open(blender: BlenderProgram, options: EmbeddedNodeOptions, signal: AbortSignal): Promise<EmbeddedNode> {
    const folder = await inTemporaryFolder(() => mkdtemp(join(tmpdir(), "renderfarm-node-")));
    const own = { folder, key: makeFarmKey() };
    try {
      return new EmbeddedNode(blender, options, own, await serve(blender, options, own, signal));
    } catch (error) {
      await discard(own.folder);
      throw error;
    }
  }

  get key(): FarmKey {
    return this.#own.key;
  }

  get sighting(): Sighting {
    return this.#serving.sighting;
  }

  /**
   * Restarts the node whenever it ends, with growing pauses. Nobody else does, and the job would wait for it for ever.
   *
   * @param onBack Called with its new address; its id and its key stay the same
   * @returns Why it is not restarted any more
   * @throws The signal's reason
   */
  async keepAlive(onBack: (sighting: Sighting) => void, signal: AbortSignal): Promise<FarmError> {
    for (let failures = 0; ; ) {
      const startedMs = systemClock.monotonicMs();
      await endOf(this.#serving.child, signal);
      failures = systemClock.monotonicMs() - startedMs > wellAfterMs ? 1 : failures + 1;
      let problem: FarmError | undefined = hasEnded(this.#serving.output());
      while (problem !== undefined) {
        if (failures > mostRestarts) return problem;
        await systemClock.sleep(backOffMs(failures), signal);
        problem = await this.#startAgain(signal);
        if (problem !== undefined) failures += 1;
      }
      onBack(this.sighting);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= endNode(this.#serving.child).then(() => discard(this.#own.folder));
    return this.#disposed;
  }

  /** @returns Why it does not start; `undefined` if it does */
  async #startAgain(signal: AbortSignal): Promise<FarmError | undefined> {
    try {
      // A node that ends normally removes it.
      await inTemporaryFolder(() => mkdir(this.#own.folder, { recursive: true, mode: 0o700 }));
      this.#serving = await serve(this.#blender, this.#options, this.#own, signal);
      return undefined;
    } catch (error) {
      if (signal.aborted || !(error instanceof FarmError)) throw error;
      return error;
    }
  }
}

/** @throws {FarmError} `FARM_NO_NODE` if nothing can be made in the system's temporary folder */
async function inTemporaryFolder<Made>(make: () => Promise<Made>): Promise<Made> {
  try {
    return await make();
  } catch (error) {
    const message = `Cannot start a render node on this machine: ${messageOf(error)}`;
    throw new FarmError("FARM_NO_NODE", message, otherTemporaryFolder, { cause: error });
  }
}

/** @throws {FarmError} `FARM_NO_NODE`, after all of it has ended; the signal's reason */
async function serve(
  blender: BlenderProgram,
  { slots, cacheFolder, isLowPriority = false, ...permissions }: EmbeddedNodeOptions,
  { folder, key }: Own,
  signal: AbortSignal,
): Promise<Serving> {
  const ready = join(folder, "ready.json");
  await removeFile(ready); // of an earlier start
  const child = startNode(
    blender.path,
    [
      ...["--host", "127.0.0.1", "--port", "0", "--no-mdns", "--name", "this machine", "--slots", String(slots)],
      ...["--cache-dir", cacheFolder, "--config-dir", folder, "--ready-file", ready, "--exit-with-stdin"],
      "--remove-config-dir", // nobody else can do it if this process is killed
      "--allow-sleep", // this process decides that
      ...permissionFlags(permissions),
    ],
    key,
  );
  if (isLowPriority) lowerPriority(child);
  let said = "";
  child.all?.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-mostOutputCharacters);
  });
  const output = () => said;
  try {
    const { node, name, port } = await readWhenThere(ready, child, output, signal);
    const sighting: Sighting = {
      ...{ id: node, name, addresses: [{ host: "127.0.0.1", port }], blenderVersion: blender.version },
      ...{ slots, keyId: key.id, source: "embedded" },
    };
    return { child, sighting, output };
  } catch (error) {
    await endNode(child);
    throw error;
  }
}

/** @throws The signal's reason, if it is aborted first */
async function endOf(child: NodeProcess, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (child.exitCode !== null || child.signalCode !== null) return;
  await once(child, "exit", { signal }).catch((error: unknown) => {
    throw signal.aborted ? signal.reason : error;
  });
}

/** @throws {FarmError} `FARM_NO_NODE` if there is no file descriptor left */
function startNode(blender: string, nodeOptions: readonly string[], key: FarmKey) {
  try {
    return startProgram(blender, nodeArguments(nodeOptions), {
      // In the environment, since everybody on this machine can read command lines.
      env: { ...nodeEnvironment(blender), RENDERFARM_KEY: formatFarmKey(key) },
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
      all: true,
      buffer: false,
      reject: false,
    });
  } catch (error) {
    if (!isOutOfDescriptors(systemCodeOf(error))) throw error;
    const message = `Cannot start a render node on this machine: ${messageOf(error)}`;
    throw new FarmError("FARM_NO_NODE", message, moreDescriptors, { cause: error });
  }
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
    if (text !== undefined) return JSON.parse(text) as Ready; // our own program wrote it, with one rename
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
  const failure = noNodeHere("Cannot start a render node on this machine", output());
  if (child.exitCode !== usageStatus) throw failure;
  const free = await freeBytes(dirname(file));
  const isTight = free !== null && free < leastBytes;
  const hint = isTight ? otherTemporaryFolder : "Fix what the node reports and run the same command again";
  throw new FarmError(failure.code, failure.message, hint);
}

function hasEnded(output: string): FarmError {
  return noNodeHere("Cannot continue with the render node on this machine: it ended by itself", output);
}

function noNodeHere(what: string, output: string): FarmError {
  return new FarmError(
    "FARM_NO_NODE",
    `${what}; it printed:\n${output.trim() || "(nothing)"}`,
    "Run the same Blender by hand to see more: blender -b -P blender_scripts/main.py",
  );
}
