import { stateOf } from "./processes.mjs";
import { pause } from "./waiting.mjs";

const lookEveryMs = 2_000;
/** A slot notices at once that its node is gone, and an encoder its coordinator; the machine is busy. */
const endsWithinMs = 20_000;

/**
 * Complains of every process that lives on without the one that started it. What a fault has frozen cannot notice.
 *
 * @param {import("./farm.mjs").ChaosFarm} farm
 * @param {(text: string) => void} complain
 * @param {AbortSignal} signal
 */
export async function watchForOrphans(farm, complain, signal) {
  /** @type {Map<number, number>} since when each has been alone, by its id */
  const alone = new Map();
  while (!signal.aborted) {
    const all = farm.processes();
    const parents = new Set([process.pid, ...all.map(({ pid }) => pid)]);
    const orphans = all.filter(({ pid, parent }) => !parents.has(parent) && stateOf(pid) !== "T");
    for (const pid of alone.keys()) if (!orphans.some((orphan) => orphan.pid === pid)) alone.delete(pid);
    for (const { pid, command } of orphans) {
      const sinceMs = alone.get(pid) ?? performance.now();
      alone.set(pid, sinceMs);
      if (performance.now() - sinceMs < endsWithinMs) continue;
      complain(`process ${pid} lives on although who started it has ended: ${command}`);
      alone.set(pid, Number.POSITIVE_INFINITY); // once is enough
    }
    await pause(lookEveryMs, signal);
  }
}
