/** How many letters must be added, removed, changed or swapped with their neighbour to turn one word into the other. */
export function editDistance(a: string, b: string): number {
  const table: number[][] = [Array.from({ length: b.length + 1 }, (_, index) => index)];
  const at = (i: number, j: number) => table[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i += 1) {
    table.push([i]);
    for (let j = 1; j <= b.length; j += 1) {
      const change = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = isSwap ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY;
      table[i]?.push(Math.min(change, at(i - 1, j) + 1, at(i, j - 1) + 1, swap));
    }
  }
  return at(a.length, b.length);
}

/**
 * The word that was probably meant, or `undefined` if none is close. Of two equally close words, the one of equal
 * length.
 */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  const nearest = candidates
    .map((candidate) => ({
      candidate,
      distance: editDistance(word, candidate) + Math.abs(word.length - candidate.length) / 10,
    }))
    .sort((a, b) => a.distance - b.distance)[0];
  return nearest && nearest.distance < Math.max(2, word.length / 3) ? nearest.candidate : undefined;
}
