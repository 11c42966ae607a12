import { createInterface } from "node:readline";
import { backOffMs } from "../../core/back-off.ts";
import { systemClock } from "../../core/clock.ts";
import { FarmError, messageOf, systemCodeOf } from "../../core/errors.ts";
import { isOutOfDescriptors, moreDescriptors } from "../../system/files/shortage.ts";
import { startProgram } from "../../system/programs/start-program.ts";
import { findBlender } from "./find-blender.ts";
import { endNode, nodeArguments, nodeEnvironment } from "./node-process.ts";

/** A node that ran this long had started well: the next failure counts as the first. */
const wellAfterMs = 60_000;
const usageStatus = 2;

export interface NodeProgramOptions {
  /** The Blender to run it in; `undefined` finds one. */
  readonly blender: string | undefined;
  /** Options of `main.py`, as typed. */
  readonly nodeOptions: readonly string[];
  /** Called with each line that the node prints, without its line end. It must not block on a slow reader. */
  readonly onLine: (line: string, stream: "stdout" | "stderr") => void;
  /** Called with the reason when the node is restarted. */
  readonly onRestart: (reason: string, waitMs: number) => void;
  /** Aborting ends the node and its slots in order. */
  readonly signal: AbortSignal;
}

/**
 * Makes this machine a render node, in the foreground: starts the node, and restarts it when it crashes.
 *
 * @returns The node's exit status, if it ended by itself
 * @throws {FarmError} `FARM_NO_BLENDER`; `FARM_NO_NODE` if not even SIGKILL ends it
 */
export async function runNode(options: NodeProgramOptions): Promise<number> {
  const { signal } = options;
  const blender = await findBlender(options.blender, signal);
  for (let failures = 0; ; ) {
    const startedMs = systemClock.monotonicMs();
    const { status, reason } = await runOnce(blender.path, options);
    if (signal.aborted || status === 0 || status === usageStatus) return status ?? 0;
    failures = systemClock.monotonicMs() - startedMs > wellAfterMs ? 1 : failures + 1;
    const waitMs = backOffMs(failures);
    options.onRestart(reason, waitMs);
    await systemClock.sleep(waitMs, signal).catch(() => {});
    if (signal.aborted) return 0;
  }
}

interface NodeEnd {
  /** `null` if it did not start, or a signal ended it. */
  readonly status: number | null;
  readonly reason: string;
}

async function runOnce(blender: string, options: NodeProgramOptions): Promise<NodeEnd> {
  let child: ReturnType<typeof startNode>;
  try {
    child = startNode(blender, options.nodeOptions);
    for (const stream of ["stdout", "stderr"] as const) {
      createInterface({ input: child[stream] }).on("line", (line) => options.onLine(line, stream));
    }
  } catch (error) {
    if (!isOutOfDescriptors(systemCodeOf(error))) throw error;
    return { status: null, reason: `${messageOf(error)}. ${moreDescriptors}` };
  }
  let leave = () => {};
  const leftBehind = new Promise<never>((_resolve, reject) => {
    leave = () => reject(immortal(child.pid));
  });
  const onAbort = () => void endNode(child).then((isOver) => isOver || leave());
  options.signal.addEventListener("abort", onAbort, { once: true });
  if (options.signal.aborted) onAbort();
  const ended = child.then(({ exitCode, shortMessage }): NodeEnd => {
    if (exitCode !== undefined) return { status: exitCode, reason: `it ended with status ${exitCode}` };
    const reason =
      child.signalCode === null ? (shortMessage ?? "it did not start") : `it was ended by ${child.signalCode}`;
    return { status: null, reason };
  });
  try {
    return await Promise.race([ended, leftBehind]);
  } finally {
    options.signal.removeEventListener("abort", onAbort);
  }
}

function immortal(pid: number | undefined): FarmError {
  return new FarmError(
    "FARM_NO_NODE",
    `Cannot end the node: not even SIGKILL ends process ${pid}`,
    "A disk or a driver of this machine does not answer: check them, or restart the machine",
  );
}

function startNode(blender: string, nodeOptions: readonly string[]) {
  return startProgram(blender, nodeArguments([...nodeOptions, "--exit-with-stdin"]), {
    env: nodeEnvironment(blender),
    stdin: "pipe", // closes when this process ends in any way, which ends the node too
    // Not inherited: on a stopped terminal or a full pipe, Blender would block in its first line of output.
    stdout: "pipe",
    stderr: "pipe",
    reject: false,
    buffer: false,
  });
}
