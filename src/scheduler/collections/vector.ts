const bits = 5;
const width = 1 << bits;
const mask = width - 1;

/** A part of the tree: items at the lowest level, branches above it. */
type Branch<Item> = readonly (Item | Branch<Item>)[];

/**
 * An immutable list of fixed length, stored as a tree. A change copies the path to one item (four short arrays for a
 * million items) and shares the rest with the former version.
 */
export class Vector<Item> implements Iterable<Item> {
  readonly length: number;
  readonly #root: Branch<Item>;
  /** How many bits a position is shifted right at the root; 0 if the root holds the items. */
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

  /** The item at a position, or undefined if it is out of range. */
  at(position: number): Item | undefined {
    if (position < 0 || position >= this.length) return undefined;
    let branch = this.#root;
    for (let shift = this.#shift; shift > 0; shift -= bits) branch = branch[(position >> shift) & mask] as Branch<Item>;
    return branch[position & mask] as Item;
  }

  /** A copy with another item at a position, which must be in range. */
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
