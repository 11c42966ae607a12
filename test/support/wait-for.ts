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
 * @param look What it gives is waited for until it is something
 * @param what For the error when it never comes
 * @param withinMs Only a bound for what hangs: a busy machine may be slow
 * @returns What was found
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
  throw new Error(`Waited ${withinMs} ms in vain for ${typeof what === "string" ? what : what()}`);
}
