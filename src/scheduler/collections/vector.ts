const bits = 5;
const width = 1 << bits;
const mask = width - 1;

/** Items, or further branches below. */
type Branch<Item> = readonly (Item | Branch<Item>)[];

/**
 * An immutable list of fixed length. A change copies the way to one item, four short arrays for a million, and shares the
 * rest with the former version.
 */
export class Vector<Item> implements Iterable<Item> {
  readonly length: number;
  readonly #root: Branch<Item>;
  /** By how much a position is shifted at the root; 0 where the root holds the items. */
  readonly #shift: number;

  private constructor(root: Branch<Item>, shift: number, length: number) {
    this.#root = root;
    this.#shift = shift;
    this.length = length;
  }

  static of<Item>(items: readonly Item[]): Vector<Item> {
    let level: Branch<Item> = items;
    let shift = 0;
    for (; level.length > width; shift += bits) {
      const parts: Branch<Item>[] = [];
      for (let start = 0; start < level.length; start += width) parts.push(level.slice(start, start + width));
      level = parts;
    }
    return new Vector(level, shift, items.length);
  }

  /** The item at a position, or undefined beyond the ends. */
  at(position: number): Item | undefined {
    if (position < 0 || position >= this.length) return undefined;
    let branch = this.#root;
    for (let shift = this.#shift; shift > 0; shift -= bits) branch = branch[(position >> shift) & mask] as Branch<Item>;
    return branch[position & mask] as Item;
  }

  /** A list with another item at a position that there is. */
  with(position: number, item: Item): Vector<Item> {
    return new Vector(changed(this.#root, this.#shift, position, item), this.#shift, this.length);
  }

  *[Symbol.iterator](): Generator<Item, undefined> {
    for (let position = 0; position < this.length; position++) yield this.at(position) as Item;
  }
}

function changed<Item>(branch: Branch<Item>, shift: number, position: number, item: Item): Branch<Item> {
  const index = (position >> shift) & mask;
  return branch.with(index, shift === 0 ? item : changed(branch[index] as Branch<Item>, shift - bits, position, item));
}
