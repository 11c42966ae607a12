import { spawn } from "node:child_process";

/**
 * Starts a program in its own session, so that a Ctrl-C in the terminal reaches only the demo, which passes it on.
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
 * Waits until a program that was asked to end has ended, and kills it with everything it started after a timeout.
 *
 * @param {ReturnType<typeof startGroup>} group
 * @param {number} timeoutMs
 */
export async function ensureEnded({ child, ended }, timeoutMs) {
  const timer = setTimeout(() => {
    if (child.pid === undefined) return;
    if (process.platform === "win32") child.kill("SIGKILL");
    else process.kill(-child.pid, "SIGKILL");
  }, timeoutMs);
  await ended;
  clearTimeout(timer);
}
