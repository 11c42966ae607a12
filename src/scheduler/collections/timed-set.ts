/** A time in milliseconds, and the number of an attempt. */
export type Timed = readonly [number, number];

/** Adjacent entries, at least one: their times and their attempt numbers. */
interface Chunk {
  readonly times: readonly number[];
  readonly attempts: readonly number[];
}

const mostInAChunk = 64;

/**
 * An immutable set of attempts, sorted by a time that each of them has, and then by number. It is like a `SortedMap`,
 * but keeps its numbers side by side in memory, because a step reads and changes these sets more than anything else.
 */
export class TimedSet {
  static readonly empty = new TimedSet([], 0);
  readonly size: number;
  readonly #chunks: readonly Chunk[];

  private constructor(chunks: readonly Chunk[], size: number) {
    this.#chunks = chunks;
    this.size = size;
  }

  has([time, attempt]: Timed): boolean {
    const chunk = this.#chunks[this.#chunkOf(time, attempt)];
    return chunk !== undefined && isAt(chunk, placeIn(chunk, time, attempt), time, attempt);
  }

  /** A copy with this entry. */
  with([time, attempt]: Timed): TimedSet {
    const index = Math.max(0, this.#chunkOf(time, attempt));
    const chunk = this.#chunks[index];
    if (!chunk) return new TimedSet([{ times: [time], attempts: [attempt] }], 1);
    const at = placeIn(chunk, time, attempt);
    if (isAt(chunk, at, time, attempt)) return this;
    const changed = { times: chunk.times.toSpliced(at, 0, time), attempts: chunk.attempts.toSpliced(at, 0, attempt) };
    return new TimedSet(withChunk(this.#chunks, index, changed), this.size + 1);
  }

  /** A copy without this entry. */
  without([time, attempt]: Timed): TimedSet {
    const index = this.#chunkOf(time, attempt);
    const chunk = this.#chunks[index];
    const at = chunk ? placeIn(chunk, time, attempt) : 0;
    if (!chunk || !isAt(chunk, at, time, attempt)) return this;
    const changed = { times: chunk.times.toSpliced(at, 1), attempts: chunk.attempts.toSpliced(at, 1) };
    return new TimedSet(withChunk(this.#chunks, index, changed), this.size - 1);
  }

  /** The entries from this time on, in ascending order. */
  *from(time: number): Generator<Timed, undefined> {
    let index = Math.max(0, this.#chunkOf(time, Number.NEGATIVE_INFINITY));
    const first = this.#chunks[index];
    let at = first ? placeIn(first, time, Number.NEGATIVE_INFINITY) : 0;
    for (; index < this.#chunks.length; index++, at = 0) {
      const { times, attempts } = this.#chunks[index] as Chunk;
      for (; at < times.length; at++) yield [times[at] as number, attempts[at] as number];
    }
  }

  /** The entries before this time, in descending order; all entries if no time is given. */
  *before(time = Number.POSITIVE_INFINITY): Generator<Timed, undefined> {
    let index = this.#chunkOf(time, Number.NEGATIVE_INFINITY);
    const last = this.#chunks[index];
    let at = (last ? placeIn(last, time, Number.NEGATIVE_INFINITY) : 0) - 1;
    for (; index >= 0; at = (this.#chunks[--index]?.times.length ?? 0) - 1) {
      const { times, attempts } = this.#chunks[index] as Chunk;
      for (; at >= 0; at--) yield [times[at] as number, attempts[at] as number];
    }
  }

  /** All entries in ascending order. */
  values(): Generator<Timed, undefined> {
    return this.from(Number.NEGATIVE_INFINITY);
  }

  /** Index of the last chunk that starts at or before this entry; -1 if the entry sorts before all of them. */
  #chunkOf(time: number, attempt: number): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const { times, attempts } = this.#chunks[middle] as Chunk;
      const first = times[0] as number;
      if (first < time || (first === time && (attempts[0] as number) <= attempt)) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** The position of the entry in the chunk, or the one at which it would be inserted. */
function placeIn({ times, attempts }: Chunk, time: number, attempt: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = times[middle] as number;
    if (other < time || (other === time && (attempts[middle] as number) < attempt)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isAt({ times, attempts }: Chunk, at: number, time: number, attempt: number): boolean {
  return times[at] === time && attempts[at] === attempt;
}

/** Replaces a chunk: drops an empty one, splits one that is too long, and merges two neighbours that are short. */
function withChunk(chunks: readonly Chunk[], index: number, chunk: Chunk): readonly Chunk[] {
  const { times, attempts } = chunk;
  if (times.length === 0) return chunks.toSpliced(index, 1);
  if (times.length > mostInAChunk) {
    const half = times.length >> 1;
    const first = { times: times.slice(0, half), attempts: attempts.slice(0, half) };
    const second = { times: times.slice(half), attempts: attempts.slice(half) };
    return chunks.toSpliced(index, 1, first, second);
  }
  const next = chunks[index + 1];
  if (next && times.length + next.times.length <= mostInAChunk / 2) {
    const both = { times: times.concat(next.times), attempts: attempts.concat(next.attempts) };
    return chunks.toSpliced(index, 2, both);
  }
  return chunks.with(index, chunk);
}
