/** How often the progress of a link's transfers is checked, in milliseconds. */
export const transferCheckMs = 10_000;

/**
 * After this many checks in a row without progress they are aborted. Checks are counted, not time, because machines
 * sleep.
 */
export const stalledChecks = 6;

/** Bytes between two checks that count as progress, about 400 bytes a second. The end of a transfer counts too. */
export const leastBytesPerCheck = 4_096;

/** The number of checks that every transfer is allowed, whatever its size. */
export const leastChecksPerTransfer = 60;

/**
 * Expected bytes between two checks, 16 kB a second. They limit the time of a transfer together with those started
 * before it.
 */
export const expectedBytesPerCheck = 160_000;
