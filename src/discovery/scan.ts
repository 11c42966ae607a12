import { systemClock } from "../core/clock.ts";
import { isScanOver } from "./timing.ts";

const lookEveryMs = 50;

/** A discovery that goes on after its first scan. */
export interface Scan {
  /** Resolves when the browsing has ended, which its owner brings about. */
  readonly browsing: Promise<void>;
}

/** Says that a node is new, or that something is to be heard of one within so many milliseconds. */
export type OnNew = (withinMs?: number) => void;

/**
 * Starts to browse and waits until the nodes that are there have been seen: 1.5 to 5 seconds.
 *
 * @param browse Told how to say that a node is new; goes on after the scan
 * @throws The signal's reason; the browsing then still has to be ended
 */
export async function firstScan(browse: (onNew: OnNew) => Promise<void>, signal: AbortSignal): Promise<Scan> {
  const startedMs = systemClock.monotonicMs();
  const elapsedMs = () => systemClock.monotonicMs() - startedMs;
  let lastNewAtMs: number | undefined;
  let isBrowsing = true;
  const onNew = (withinMs = 0) => {
    lastNewAtMs = Math.max(lastNewAtMs ?? 0, elapsedMs() + withinMs);
  };
  const browsing = browse(onNew).finally(() => {
    isBrowsing = false;
  });
  browsing.catch(() => {}); // its owner hears of it; until he listens it must not end the process
  while (isBrowsing && !isScanOver(elapsedMs(), lastNewAtMs)) await systemClock.sleep(lookEveryMs, signal);
  return { browsing };
}
