import { systemClock } from "../core/clock.ts";
import { isScanOver } from "./timing.ts";

const lookEveryMs = 50;

/** A discovery that continues after its first scan. */
export interface Scan {
  /** Resolves when the caller has ended the browsing. */
  readonly browsing: Promise<void>;
}

/** Reports a new node. @param withinMs If given, an answer is expected within this time */
export type OnNew = (withinMs?: number) => void;

/**
 * Starts to browse and waits until the present nodes have been seen, which takes 1.5 to 5 seconds.
 *
 * @param browse Gets a function to report new nodes; continues after the scan
 * @throws The signal's reason; the caller must still end the browsing
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
  browsing.catch(() => {}); // the caller handles it later; until then it must not end the process
  while (isBrowsing && !isScanOver(elapsedMs(), lastNewAtMs)) await systemClock.sleep(lookEveryMs, signal);
  return { browsing };
}
