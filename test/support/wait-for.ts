import { setTimeout as delay } from "node:timers/promises";

const lookEveryMs = 20;

/** Looks again and again whether something is so. @returns whether it was before the time was up, or the signal came */
export async function isSoon(
  condition: () => boolean | Promise<boolean>,
  withinMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const deadlineMs = performance.now() + withinMs;
  while (!(await condition())) {
    if (signal?.aborted || performance.now() >= deadlineMs) return false;
    await delay(lookEveryMs);
  }
  return true;
}

/**
 * Waits for something of which nobody tells, so that a test needs no time that it guesses.
 *
 * @param what For the error when it never comes
 * @param withinMs Only a bound for what hangs: a busy machine may be slow
 */
export async function waitFor(
  condition: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 30_000,
): Promise<void> {
  if (!(await isSoon(condition, withinMs))) throw new Error(`Waited ${withinMs} ms in vain for ${what}`);
}
