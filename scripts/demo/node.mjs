import { existsSync, readFileSync, watch } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "../setup/tools.mjs";
import { ensureEnded, startGroup } from "./process-group.mjs";

/** How long a node may take to start: usually it takes two seconds, on a busy machine ten. */
const startsWithinMs = 60_000;
const endsWithinMs = 10_000;

/**
 * A node on this machine, started with `blender -b -P blender_scripts/main.py`.
 *
 * @typedef {object} DemoNode
 * @property {string} id
 * @property {number} port
 * @property {() => Promise<void>} stop ends it and its Blenders; idempotent
 */

/**
 * Starts a node and waits until it is ready. It ends when its standard input closes, so it cannot outlive the demo.
 *
 * @param {{blender: string, name: string, folder: string, env: NodeJS.ProcessEnv, signal: AbortSignal}} options folder:
 *   an existing, empty folder for the node's files
 * @returns {Promise<DemoNode>}
 */
export async function startNode({ blender, name, folder, env, signal }) {
  const readyFile = join(folder, "ready.json");
  const own = ["--name", name, "--cache-dir", join(folder, "cache"), "--config-dir", join(folder, "config")];
  const lifetime = ["--ready-file", readyFile, "--exit-with-stdin"];
  const script = join(projectFolder, "blender_scripts/main.py");
  const args = ["-b", "--factory-startup", "-noaudio", "-P", script, "--", ...own, ...lifetime];
  const group = startGroup(blender, args, { env, stdio: ["pipe", "pipe", "pipe"] });
  let log = "";
  for (const stream of [group.child.stdout, group.child.stderr]) {
    stream?.on("data", (piece) => {
      log = (log + piece).slice(-4_000);
    });
  }
  const stop = async () => {
    group.child.stdin?.end();
    await ensureEnded(group, endsWithinMs);
  };
  try {
    const { node, port } = await waitUntilReady(readyFile, folder, group.ended, signal);
    return { id: node, port, stop };
  } catch (error) {
    await stop();
    throw new Error(
      `Cannot start the node '${name}': ${error instanceof Error ? error.message : error}\n${log.trim()}`,
    );
  }
}

/**
 * @param {string} file
 * @param {string} folder
 * @param {Promise<{code: number | null, error?: Error}>} ended
 * @param {AbortSignal} signal
 * @returns {Promise<{node: string, port: number}>}
 */
function waitUntilReady(file, folder, ended, signal) {
  return new Promise((resolve, reject) => {
    const finish = (/** @type {() => void} */ callback) => {
      clearTimeout(timer);
      watcher.close();
      signal.removeEventListener("abort", onAbort);
      callback();
    };
    const onAbort = () => finish(() => reject(new Error("interrupted")));
    const check = () => {
      if (existsSync(file)) finish(() => resolve(JSON.parse(readFileSync(file, "utf8"))));
    };
    const timer = setTimeout(() => finish(() => reject(new Error("it did not become ready"))), startsWithinMs);
    const watcher = watch(folder, check);
    signal.addEventListener("abort", onAbort);
    ended.then(({ code, error }) => finish(() => reject(error ?? new Error(`it ended with status ${code}`))));
    check();
    if (signal.aborted) onAbort();
  });
}
