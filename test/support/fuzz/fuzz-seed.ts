const given = process.env.FUZZ_SEED;

/** `FUZZ_SEED` has a failing run again, or tries another one; the same seed always gives the same inputs. */
export const fuzzSeed = given === undefined || given === "" ? 20_261_122 : Number(given) | 0;

/** `npm test` tries a quarter of what `npm run test:faults` tries; `FUZZ_EFFORT=20` twenty times as much, for a night. */
const fuzzEffort = Math.max(0.05, Number(process.env.FUZZ_EFFORT) || 1);

/** How often to try what a whole run tries so many times. */
export function fuzzRuns(count: number): number {
  return Math.ceil(count * fuzzEffort);
}

/** Only a bound for what hangs: a slow machine that is busy with others may take this long. */
export const fuzzTimeoutMs = 120_000 * Math.max(1, fuzzEffort);

/** For the message of whatever went wrong. */
export const howToReplay = `FUZZ_SEED=${fuzzSeed} has it again`;
