import { setTimeout as delay } from "node:timers/promises";

/** How often it is looked whether something has happened. */
const lookEveryMs = 50;

/**
 * Waits until something is so.
 *
 * @param {() => boolean} isSo
 * @param {number} withinMs
 * @param {AbortSignal} signal ends the waiting
 * @returns {Promise<boolean>} whether it was so in time
 */
export async function until(isSo, withinMs, signal) {
  const deadlineMs = performance.now() + withinMs;
  while (!isSo()) {
    if (signal.aborted || performance.now() >= deadlineMs) return false;
    await pause(lookEveryMs, signal);
  }
  return true;
}

/** Waits; at most until the signal is given. @param {number} ms @param {AbortSignal} signal */
export async function pause(ms, signal) {
  await delay(ms, undefined, { signal }).catch(() => {});
}
