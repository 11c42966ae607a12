import { spawn } from "node:child_process";

/**
 * Starts a program in a session of its own: a Ctrl-C in the terminal reaches only the demo, which then decides.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{env: NodeJS.ProcessEnv, stdio: import("node:child_process").StdioOptions}} options
 */
export function startGroup(command, args, options) {
  const child = spawn(command, args, { ...options, detached: process.platform !== "win32", windowsHide: true });
  /** @type {Promise<{code: number | null, signal: NodeJS.Signals | null, error?: Error}>} */
  const ended = new Promise((resolve) => {
    child.on("error", (error) => resolve({ code: null, signal: null, error }));
    child.on("exit", (code, signal) => resolve({ code, signal }));
  });
  return { child, ended };
}

/**
 * Waits for the end of a program that was asked to end; one that does not is killed, with all it started.
 *
 * @param {ReturnType<typeof startGroup>} group
 * @param {number} patienceMs
 */
export async function ensureEnded({ child, ended }, progressTimeoutMs) {
  const timer = setTimeout(() => {
    if (child.pid === undefined) return;
    if (process.platform === "win32") child.kill("SIGKILL");
    else process.kill(-child.pid, "SIGKILL");
  }, progressTimeoutMs);
  await ended;
  clearTimeout(timer);
}
