/** Negative when the first comes first, 0 when they are the same key. */
export type Compare<Key> = (one: Key, other: Key) => number;

/** Some neighbours, never none. The keys stand by themselves, so that a search need not look into the items. */
interface Chunk<Key, Item> {
  readonly keys: readonly Key[];
  readonly items: readonly Item[];
}

const mostInAChunk = 64;

/**
 * An immutable map in the order of its keys, each of which is a part of its item. A change copies one chunk and the list of
 * chunks, and shares the rest with the former version; the first, the last and the next key above any other are found by
 * bisection.
 *
 * For some thousands of items: that is what a large farm has of slots and attempts.
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

  /** A map with this item, in place of the one with its key, if there is one. */
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

  /** A map in which the key is not. */
  without(key: Key): SortedMap<Key, Item> {
    const index = this.#chunkOf(key);
    const chunk = this.#chunks[index];
    const at = chunk ? this.#placeIn(chunk, key) : 0;
    if (!chunk || !this.#isAt(chunk, at, key)) return this;
    const changed = { keys: chunk.keys.toSpliced(at, 1), items: chunk.items.toSpliced(at, 1) };
    return new SortedMap(this.#order, withChunk(this.#chunks, index, changed), this.size - 1);
  }

  /** How many keys come before this one, which need not be in the map. */
  countBefore(key: Key): number {
    const index = this.#chunkOf(key);
    const chunk = this.#chunks[index];
    let count = chunk ? this.#placeIn(chunk, key) : 0;
    for (let before = 0; before < index; before++) count += this.#chunks[before]?.keys.length ?? 0;
    return count;
  }

  /** Items in ascending order, from the first of which the key does not come before this one. */
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

  /** The last chunk that begins with this key or one before it; -1 when the key comes before all. */
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

  /** Where the key stands in the chunk, or would stand. */
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

/** A set of keys in their order. */
export type SortedKeys<Key> = SortedMap<Key, Key>;

export function noKeys<Key>(compare: Compare<Key>): SortedKeys<Key> {
  return SortedMap.empty<Key, Key>(compare, (key) => key);
}

interface Order<Key, Item> {
  readonly compare: Compare<Key>;
  readonly keyOf: (item: Item) => Key;
}

/** With another chunk in place of one: in two parts when it is too long, joined with the next when both are short. */
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
