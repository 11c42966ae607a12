/** Random numbers that are the same for the same seed (mulberry32). @param {number} seed */
export function diceOf(seed) {
  let state = seed >>> 0;
  /** From 0, below 1. */
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    /** An integer; both ends are possible. @param {number} lowest @param {number} highest */
    between: (lowest, highest) => lowest + Math.floor(next() * (highest - lowest + 1)),
    /** @param {number} share */
    chance: (share) => next() < share,
  };
}
