/** How many bytes a run has, unpacked and packed, its count included. */
export type RunOf = (count: number) => readonly [unpackedBytes: number, packedBytes: number];

/**
 * Follows runs, each of which begins with a signed count.
 *
 * @param rawBytes What they must unpack to
 * @param runOf What a count means in this format
 * @returns What is wrong; `null` if nothing is
 */
export async function faultOfRuns(
  pieces: AsyncIterable<Buffer>,
  rawBytes: number,
  runOf: RunOf,
): Promise<string | null> {
  let total = 0;
  let skip = 0;
  for await (const piece of pieces) {
    for (let at = skip; ; ) {
      skip = at - piece.length;
      if (skip >= 0) break;
      const [unpackedBytes, packedBytes] = runOf(piece.readInt8(at));
      total += unpackedBytes;
      at += packedBytes;
    }
    if (total > rawBytes) break;
  }
  return total === rawBytes && skip === 0 ? null : `they do not unpack to ${rawBytes} bytes`;
}
