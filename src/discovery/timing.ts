/** All times of discovery, measured with three kinds of responders on several networks. */
export const discoveryTiming = {
  /** When to ask after the start: responders do not repeat an answer for about a second. */
  queriesAtMs: [0, 300, 1_200, 2_500],
  /** How often to ask again while a job runs, and to drop nodes whose advertisement has expired. */
  queryAgainEveryMs: 30_000,
  /** How often to check for added and removed network interfaces. */
  interfacesEveryMs: 5_000,
  /** When to ask again after a known node was seen with another start: late enough to show which one is alive. */
  startsAgainAfterMs: 1_200,
  /** How much longer the first scan waits for an answer then: responders may stay silent for a second. */
  startsHeardWithinMs: 2_500,
  /** The first scan takes at least this long … */
  scanAtLeastMs: 1_500,
  /** … ends when no new node has been seen for this long … */
  scanQuietMs: 1_000,
  /** … and at the latest now. */
  scanAtMostMs: 5_000,
  /** How often to ask machines that were started without a key whether they are still there. */
  startersEveryMs: 3_000,
  /** … and when one that no longer answers is gone. */
  starterGoneAfterMs: 10_000,
} as const;

/** Whether the first scan is over. All times in milliseconds since its start. */
export function isScanOver(elapsedMs: number, lastNewAtMs: number | undefined): boolean {
  if (elapsedMs >= discoveryTiming.scanAtMostMs) return true;
  if (elapsedMs < discoveryTiming.scanAtLeastMs) return false;
  if (lastNewAtMs === undefined) return elapsedMs >= Math.max(...discoveryTiming.queriesAtMs) + 500;
  return elapsedMs - lastNewAtMs >= discoveryTiming.scanQuietMs;
}
