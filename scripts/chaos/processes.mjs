import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** The variable by which every process of a run is known: children inherit it however they are started. */
export const markVariable = "RENDERFARM_CHAOS_RUN";

/**
 * @typedef {object} Marked
 * @property {number} pid
 * @property {number} parent
 * @property {string} command
 */

/** Every process of the run that lives. @param {string} mark @returns {Marked[]} */
export function processesOf(mark) {
  const ids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return ids.flatMap((id) => {
    try {
      const environment = readFileSync(`/proc/${id}/environ`, "utf8");
      if (!environment.split("\0").includes(`${markVariable}=${mark}`)) return [];
      const command = readFileSync(`/proc/${id}/cmdline`, "utf8").split("\0").join(" ").trim();
      const parent = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1]);
      return [{ pid: Number(id), parent, command }];
    } catch {
      return []; // it ended while it was looked at
    }
  });
}

/** @param {number | undefined} pid @param {NodeJS.Signals} signal @returns {boolean} whether there was such a process */
export function send(pid, signal) {
  if (pid === undefined) return false;
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Whether a process lives: one that was killed may wait for its parent to look. @param {number} pid */
export function isThere(pid) {
  return !["", "Z", "X"].includes(stateOf(pid));
}

/** As the kernel names it: `S` sleeps, `R` runs, `T` is stopped; empty when there is none. @param {number} pid */
export function stateOf(pid) {
  try {
    return /^State:\s*(\S)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "";
  } catch {
    return "";
  }
}

/** Waits until no process of the run is left. @param {string} mark @param {number} withinMs */
export async function remaining(mark, withinMs) {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const left = processesOf(mark);
    if (left.length === 0 || Date.now() > deadline) return left;
    await delay(100);
  }
}
