import { setTimeout as delay } from "node:timers/promises";

const pollEveryMs = 20;

/** Polls until a condition holds. @returns whether it did before the time was up or the signal was aborted */
export async function isSoon(
  condition: () => boolean | Promise<boolean>,
  withinMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const deadlineMs = performance.now() + withinMs;
  while (!(await condition())) {
    if (signal?.aborted || performance.now() >= deadlineMs) return false;
    await delay(pollEveryMs);
  }
  return true;
}

/**
 * Waits for a condition that has no event, so that a test need not guess a time.
 *
 * @param what For the error when it never holds
 * @param withinMs Only a limit for a test that hangs: a busy machine may be slow
 */
export async function waitFor(
  condition: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 30_000,
): Promise<void> {
  if (!(await isSoon(condition, withinMs))) throw new Error(`Waited ${withinMs} ms for ${what}, without success`);
}
