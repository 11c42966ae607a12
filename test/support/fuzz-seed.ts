const given = process.env.FUZZ_SEED;

/** `FUZZ_SEED` has a failing run again, or tries another one; the same seed always gives the same inputs. */
export const fuzzSeed = given === undefined || given === "" ? 20_261_122 : Number(given) | 0;

/** `FUZZ_EFFORT=20` tries twenty times as much as a usual run, for a night. */
export const fuzzEffort = Math.max(1, Number(process.env.FUZZ_EFFORT) || 1);

/** For the message of whatever went wrong. */
export const howToReplay = `FUZZ_SEED=${fuzzSeed} has it again`;
