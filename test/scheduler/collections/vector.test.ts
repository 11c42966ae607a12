import { expect, test } from "vitest";
import { Vector } from "../../../src/scheduler/collections/vector.ts";

test.each([0, 1, 32, 33, 1024, 1025, 40_000])(
  "of %d items, each is in its place, and a change leaves the previous list as it was",
  (length) => {
    const items = Array.from({ length }, (_, index) => index);
    const vector = Vector.of(items);
    const middle = length >> 1;

    expect([...vector]).toEqual(items);
    expect(vector.length).toBe(length);
    expect(vector.at(-1)).toBeUndefined();
    expect(vector.at(length)).toBeUndefined();
    if (length === 0) return;
    const changed = vector
      .with(middle, -1)
      .with(length - 1, -2)
      .with(0, -3);
    expect([...changed]).toEqual(
      items
        .with(middle, -1)
        .with(length - 1, -2)
        .with(0, -3),
    );
    expect([...vector]).toEqual(items);
  },
);
