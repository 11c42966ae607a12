/** How often it is looked whether the transfers of a link get on, in milliseconds. */
export const transferLookMs = 10_000;

/** Looks in a row without progress after which they are given up. Looks are counted, not time: machines sleep. */
export const stalledLooks = 6;

/** Bytes between two looks that count as progress; a transfer that ended does too. 400 bytes a second is no network. */
export const leastBytesPerLook = 4_096;

/** Looks that any transfer is given, whatever its size. */
export const leastLooksPerTransfer = 60;

/** Bytes between two looks with which a transfer, and those begun before it, must get on as a whole: 16 kB a second. */
export const expectedBytesPerLook = 160_000;
