/** Negative if the first key sorts first, 0 if the keys are equal. */
export type Compare<Key> = (one: Key, other: Key) => number;

/** Adjacent items, at least one. The keys have an array of their own, so that a search does not read the items. */
interface Chunk<Key, Item> {
  readonly keys: readonly Key[];
  readonly items: readonly Item[];
}

const mostInAChunk = 64;

/**
 * An immutable map, sorted by its keys; each key is a part of its item. A change copies one chunk and the list of
 * chunks, and shares the rest with the former version. Keys are found by binary search.
 *
 * It is meant for some thousands of items: a large farm has that many slots and attempts.
 */
export class SortedMap<Key, Item> implements ReadonlyMap<Key, Item> {
  readonly size: number;
  readonly #order: Order<Key, Item>;
  readonly #chunks: readonly Chunk<Key, Item>[];

  private constructor(order: Order<Key, Item>, chunks: readonly Chunk<Key, Item>[], size: number) {
    this.#order = order;
    this.#chunks = chunks;
    this.size = size;
  }

  static empty<Key, Item>(compare: Compare<Key>, keyOf: (item: Item) => Key): SortedMap<Key, Item> {
    return new SortedMap<Key, Item>({ compare, keyOf }, [], 0);
  }

  get(key: Key): Item | undefined {
    const chunk = this.#chunks[this.#chunkOf(key)];
    if (!chunk) return undefined;
    const at = this.#placeIn(chunk, key);
    return this.#isAt(chunk, at, key) ? chunk.items[at] : undefined;
  }

  has(key: Key): boolean {
    return this.get(key) !== undefined;
  }

  /** A copy with this item, which replaces an item with the same key. */
  with(item: Item): SortedMap<Key, Item> {
    const key = this.#order.keyOf(item);
    const index = Math.max(0, this.#chunkOf(key));
    const chunk = this.#chunks[index];
    if (!chunk) return new SortedMap(this.#order, [{ keys: [key], items: [item] }], 1);
    const at = this.#placeIn(chunk, key);
    if (this.#isAt(chunk, at, key)) {
      if (chunk.items[at] === item) return this;
      const changed = { keys: chunk.keys, items: chunk.items.with(at, item) };
      return new SortedMap(this.#order, this.#chunks.with(index, changed), this.size);
    }
    const changed = { keys: chunk.keys.toSpliced(at, 0, key), items: chunk.items.toSpliced(at, 0, item) };
    return new SortedMap(this.#order, withChunk(this.#chunks, index, changed), this.size + 1);
  }

  /** A copy without this key. */
  without(key: Key): SortedMap<Key, Item> {
    const index = this.#chunkOf(key);
    const chunk = this.#chunks[index];
    const at = chunk ? this.#placeIn(chunk, key) : 0;
    if (!chunk || !this.#isAt(chunk, at, key)) return this;
    const changed = { keys: chunk.keys.toSpliced(at, 1), items: chunk.items.toSpliced(at, 1) };
    return new SortedMap(this.#order, withChunk(this.#chunks, index, changed), this.size - 1);
  }

  /** How many keys sort before this one, which need not be in the map. */
  countBefore(key: Key): number {
    const index = this.#chunkOf(key);
    const chunk = this.#chunks[index];
    let count = chunk ? this.#placeIn(chunk, key) : 0;
    for (let before = 0; before < index; before++) count += this.#chunks[before]?.keys.length ?? 0;
    return count;
  }

  /** The items from this key on, in ascending order. The key need not be in the map. */
  *from(key: Key): Generator<Item, undefined> {
    let index = Math.max(0, this.#chunkOf(key));
    const first = this.#chunks[index];
    for (let at = first ? this.#placeIn(first, key) : 0; index < this.#chunks.length; index++, at = 0) {
      const items = this.#chunks[index]?.items ?? [];
      for (; at < items.length; at++) yield items[at] as Item;
    }
  }

  *keys(): Generator<Key, undefined> {
    for (const { keys } of this.#chunks) yield* keys;
  }

  *values(): Generator<Item, undefined> {
    for (const { items } of this.#chunks) yield* items;
  }

  *entries(): Generator<[Key, Item], undefined> {
    for (const item of this.values()) yield [this.#order.keyOf(item), item];
  }

  [Symbol.iterator](): Generator<[Key, Item], undefined> {
    return this.entries();
  }

  forEach(action: (item: Item, key: Key, map: ReadonlyMap<Key, Item>) => void): void {
    for (const item of this.values()) action(item, this.#order.keyOf(item), this);
  }

  /** Index of the last chunk that starts at or before this key; -1 if the key sorts before all of them. */
  #chunkOf(key: Key): number {
    const { compare } = this.#order;
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(this.#chunks[middle]?.keys[0] as Key, key) <= 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** The position of the key in the chunk, or the one at which it would be inserted. */
  #placeIn({ keys }: Chunk<Key, Item>, key: Key): number {
    const { compare } = this.#order;
    let low = 0;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(keys[middle] as Key, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #isAt({ keys }: Chunk<Key, Item>, at: number, key: Key): boolean {
    return at < keys.length && this.#order.compare(keys[at] as Key, key) === 0;
  }
}

/** A sorted set of keys. */
export type SortedKeys<Key> = SortedMap<Key, Key>;

export function noKeys<Key>(compare: Compare<Key>): SortedKeys<Key> {
  return SortedMap.empty<Key, Key>(compare, (key) => key);
}

interface Order<Key, Item> {
  readonly compare: Compare<Key>;
  readonly keyOf: (item: Item) => Key;
}

/** Replaces a chunk: drops an empty one, splits one that is too long, and merges two neighbours that are short. */
function withChunk<Key, Item>(
  chunks: readonly Chunk<Key, Item>[],
  index: number,
  chunk: Chunk<Key, Item>,
): readonly Chunk<Key, Item>[] {
  const { keys, items } = chunk;
  if (keys.length === 0) return chunks.toSpliced(index, 1);
  if (keys.length > mostInAChunk) {
    const half = keys.length >> 1;
    const first = { keys: keys.slice(0, half), items: items.slice(0, half) };
    return chunks.toSpliced(index, 1, first, { keys: keys.slice(half), items: items.slice(half) });
  }
  const next = chunks[index + 1];
  if (next && keys.length + next.keys.length <= mostInAChunk / 2) {
    return chunks.toSpliced(index, 2, { keys: [...keys, ...next.keys], items: [...items, ...next.items] });
  }
  return chunks.with(index, chunk);
}

export function compareNumbers(one: number, other: number): number {
  return one - other;
}

export function compareIds(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
