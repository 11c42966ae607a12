import fc from "fast-check";
import { expect, test } from "vitest";
import { compareNumbers, noKeys, SortedMap } from "../../../src/scheduler/collections/sorted-map.ts";
import { fuzzRuns, fuzzSeed } from "../../support/fuzz/fuzz-seed.ts";

interface Item {
  readonly key: number;
  readonly value: number;
}

const keyOf = ({ key }: Item) => key;
const key = fc.integer({ min: 0, max: 200 });
const changes = fc.array(fc.record({ key, value: fc.integer({ min: 0, max: 3 }), isRemoved: fc.boolean() }), {
  maxLength: 300,
  size: "max",
});

test("it holds what a Map would hold, in order, and later changes leave it as it was", () => {
  const property = fc.property(changes, key, (all, bound) => {
    const versions: { readonly map: SortedMap<number, Item>; readonly items: Item[] }[] = [];
    const model = new Map<number, Item>();
    let map = SortedMap.empty(compareNumbers, keyOf);
    for (const { isRemoved, ...item } of all) {
      map = isRemoved ? map.without(item.key) : map.with(item);
      if (isRemoved) model.delete(item.key);
      else model.set(item.key, item);
      versions.push({ map, items: [...model.values()].sort((one, other) => one.key - other.key) });
    }
    for (const { map, items } of versions) {
      expect([...map]).toEqual(items.map((item) => [item.key, item]));
      expect([...map.values()]).toEqual(items);
      expect(map.size).toBe(items.length);
      expect([...map.from(bound)]).toEqual(items.filter(({ key }) => key >= bound));
      expect(map.countBefore(bound)).toBe(items.filter(({ key }) => key < bound).length);
      expect(map.get(bound)).toBe(items.find(({ key }) => key === bound));
      expect(map.has(bound)).toBe(items.some(({ key }) => key === bound));
    }
  });
  fc.assert(property, { seed: fuzzSeed, numRuns: fuzzRuns(160) });
});

test("a change that changes nothing gives the same map", () => {
  const keys = noKeys(compareNumbers).with(1).with(2);

  expect(keys.with(1)).toBe(keys);
  expect(keys.without(3)).toBe(keys);
});

test.each([
  ["ascending", (index: number) => index],
  ["descending", (index: number) => -index],
  ["from both ends", (index: number) => (index % 2 === 0 ? index : -index)],
])("a key among many is found in a few steps, whatever order they were added in: %s", (_, keyOf) => {
  let looks = 0;
  const compare = (one: number, other: number) => {
    looks++;
    return one - other;
  };
  let map = noKeys(compare);
  for (let index = 0; index < 10_000; index++) map = map.with(keyOf(index));
  for (let index = 0; index < 10_000; index += 3) map = map.without(keyOf(index));
  looks = 0;
  for (let index = 0; index < 10_000; index++) map.get(keyOf(index));

  // Bisection among the chunks and inside one, and one look at the key found.
  expect(looks).toBeLessThan(18 * 10_000);
});
