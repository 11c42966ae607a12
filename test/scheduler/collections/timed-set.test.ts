import fc from "fast-check";
import { expect, test } from "vitest";
import { type Timed, TimedSet } from "../../../src/scheduler/collections/timed-set.ts";
import { fuzzRuns, fuzzSeed } from "../../support/fuzz/fuzz-seed.ts";

const time = fc.integer({ min: 0, max: 30 }).map((number) => number / 4);
const timed = fc.tuple(time, fc.integer({ min: 0, max: 20 }));
const changes = fc.array(fc.record({ timed, isRemoved: fc.boolean() }), { maxLength: 300, size: "max" });

test("it holds what a Set would hold, in order, and later changes leave it as it was", () => {
  const property = fc.property(changes, time, timed, (all, bound, asked) => {
    const versions: { readonly set: TimedSet; readonly members: Timed[] }[] = [];
    let set = TimedSet.empty;
    let members: Timed[] = [];
    for (const { timed, isRemoved } of all) {
      set = isRemoved ? set.without(timed) : set.with(timed);
      members = members.filter((member) => String(member) !== String(timed));
      if (!isRemoved) members = [...members, timed].sort((one, other) => one[0] - other[0] || one[1] - other[1]);
      versions.push({ set, members });
    }
    for (const { set, members } of versions) {
      expect([...set.values()]).toEqual(members);
      expect([...set.before()]).toEqual(members.toReversed());
      expect([...set.from(bound)]).toEqual(members.filter(([time]) => time >= bound));
      expect([...set.before(bound)]).toEqual(members.filter(([time]) => time < bound).reverse());
      expect(set.size).toBe(members.length);
      expect(set.has(asked)).toBe(members.some((member) => String(member) === String(asked)));
    }
  });
  fc.assert(property, { seed: fuzzSeed, numRuns: fuzzRuns(160) });
});

test("a change that changes nothing gives the same set", () => {
  const set = TimedSet.empty.with([1, 1]).with([1, 2]);

  expect(set.with([1, 1])).toBe(set);
  expect(set.without([1, 3])).toBe(set);
});
