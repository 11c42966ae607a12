/** Every number of discovery; measured with responders of three kinds on several networks. */
export const discoveryTiming = {
  /** When to ask after the start: responders keep quiet for about a second after an earlier answer. */
  queriesAtMs: [0, 300, 1_200, 2_500],
  /** How often to ask again while a job runs, and to forget nodes whose advertisement has run out. */
  queryAgainEveryMs: 30_000,
  /** How often to look for interfaces that came or went. */
  interfacesEveryMs: 5_000,
  /** When to ask again after a known node was heard under another start: late enough to show which of the two is alive. */
  startsAgainAfterMs: 1_200,
  /** How much longer the first scan waits then for something new: responders may keep quiet for a second. */
  startsHeardWithinMs: 2_500,
  /** The first scan takes at least this long … */
  scanAtLeastMs: 1_500,
  /** … ends when no new node was seen for this long … */
  scanQuietMs: 1_000,
  /** … and at the latest now. */
  scanAtMostMs: 5_000,
} as const;

/** Whether the first scan has seen what there is to see. All times in milliseconds since its start. */
export function isScanOver(elapsedMs: number, lastNewAtMs: number | undefined): boolean {
  if (elapsedMs >= discoveryTiming.scanAtMostMs) return true;
  if (elapsedMs < discoveryTiming.scanAtLeastMs) return false;
  if (lastNewAtMs === undefined) return elapsedMs >= Math.max(...discoveryTiming.queriesAtMs) + 500;
  return elapsedMs - lastNewAtMs >= discoveryTiming.scanQuietMs;
}
