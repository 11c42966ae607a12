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
 * @param look Called again and again until its result is truthy
 * @param what For the error when that never happens
 * @param withinMs Only a limit for a test that hangs: a busy machine may be slow
 * @returns The first truthy result
 */
export async function waitFor<Found>(
  look: () => Found | Promise<Found>,
  what: string | (() => string),
  withinMs = 30_000,
): Promise<NonNullable<Found>> {
  let found: Found | undefined;
  const isFound = async () => {
    found = await look();
    return Boolean(found);
  };
  if (await isSoon(isFound, withinMs)) return found as NonNullable<Found>;
  throw new Error(`Waited ${withinMs} ms for ${typeof what === "string" ? what : what()}, without success`);
}
