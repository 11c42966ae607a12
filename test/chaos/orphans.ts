import { setTimeout as delay } from "node:timers/promises";
import { isStopped } from "../support/processes.ts";
import type { ChaosFarm } from "./chaos-farm.ts";

const lookEveryMs = 2_000;
/** Slots and encoders notice at once that their node or coordinator is gone; the rest is for a busy machine. */
const endsWithinMs = 20_000;

/**
 * Complains of every process that outlives the one that started it, except frozen ones: they cannot notice.
 */
export async function watchForOrphans({ lab, report, signal }: ChaosFarm): Promise<void> {
  /** Since when each process has been an orphan, by its id. */
  let alone = new Map<number, number>();
  while (!signal.aborted) {
    const all = await lab.processes();
    const parents = new Set([process.pid, ...all.map(({ pid }) => pid)]);
    const still = new Map<number, number>();
    for (const { pid, parent, command } of all) {
      if (parents.has(parent) || (await isStopped(pid))) continue;
      const sinceMs = alone.get(pid) ?? performance.now();
      const isTooLong = performance.now() - sinceMs > endsWithinMs;
      if (isTooLong) report.complain(`process ${pid} outlives the process that started it: ${command}`);
      still.set(pid, isTooLong ? Number.POSITIVE_INFINITY : sinceMs); // once is enough
    }
    alone = still;
    await delay(lookEveryMs);
  }
}
