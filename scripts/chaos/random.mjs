/** Numbers in [0, 1) that are the same for the same seed (mulberry32). @param {number} seed @returns {() => number} */
export function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * One of several things.
 *
 * @template Thing
 * @param {readonly Thing[]} things
 * @param {() => number} random
 * @returns {Thing | undefined} `undefined` when there is none
 */
export function oneOf(things, random) {
  return things[Math.floor(random() * things.length)];
}

/** The same things in another order. @template Thing @param {readonly Thing[]} things @param {() => number} random */
export function shuffled(things, random) {
  return things
    .map((thing) => ({ thing, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ thing }) => thing);
}
