const firstWaitMs = 500;
const longestWaitMs = 15_000;

/** The wait before the next attempt to reach a node, in milliseconds: doubling from half a second, up to 15 s. */
export function backOffMs(failures: number): number {
  return Math.min(longestWaitMs, firstWaitMs * 2 ** Math.max(0, failures - 1));
}
