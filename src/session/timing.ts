/** How often it is looked whether the transfers of a link get on, in milliseconds. */
export const transferLookMs = 10_000;

/** Looks in a row without progress after which they are given up. Looks are counted, not time: machines sleep. */
export const stalledLooks = 6;

/** Bytes between two looks that count as progress; a transfer that ended does too. 400 bytes a second is no network. */
export const leastBytesPerLook = 4_096;
