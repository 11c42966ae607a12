const given = process.env.FUZZ_SEED;

/** `FUZZ_SEED` repeats a failing run, or tries another one; the same seed always gives the same inputs. */
export const fuzzSeed = given === undefined || given === "" ? 20_261_122 : Number(given) | 0;

/** `npm test` tries a quarter of what `npm run test:faults` tries; `FUZZ_EFFORT=20` tries twenty times as much. */
const fuzzEffort = Math.max(0.05, Number(process.env.FUZZ_EFFORT) || 1);

/** How often to try something that a full run tries `count` times. */
export function fuzzRuns(count: number): number {
  return Math.ceil(count * fuzzEffort);
}

/** Only a limit for a test that hangs: a slow and busy machine may take this long. */
export const fuzzTimeoutMs = 120_000 * Math.max(1, fuzzEffort);

/** For the message of a failure. */
export const howToReplay = `FUZZ_SEED=${fuzzSeed} repeats it`;
