import { expect, test } from "vitest";
import { Reorder } from "../../src/frames/reorder.ts";

test("Reorder passes frames on in the job's order as the gap-free start grows", () => {
  const reorder = new Reorder([-2, -1, 0, 5, 10]);

  expect(reorder.accept(0)).toEqual([]);
  expect(reorder.next).toBe(-2);
  expect(reorder.accept(-2)).toEqual([-2]);
  expect(reorder.accept(10)).toEqual([]);
  expect(reorder.accept(-1)).toEqual([-1, 0]);
  expect(reorder.isComplete).toBe(false);
  expect(reorder.accept(5)).toEqual([5, 10]);
  expect(reorder.isComplete).toBe(true);
  expect(reorder.next).toBeUndefined();
});

test("Reorder ignores frames that it already has or that are not part of the job", () => {
  const reorder = new Reorder([1, 2, 3]);
  expect([1, 1, 7, 0, 3, 3].flatMap((frame) => reorder.accept(frame))).toEqual([1]);
  expect([1, 2, 2, 3].flatMap((frame) => reorder.accept(frame))).toEqual([2, 3]);
  expect(reorder.accept(3)).toEqual([]);
});

test("Reorder passes frames on in the same order, whatever order they arrive in", () => {
  const frames = [1, 2, 3, 4, 5];
  for (const order of permutations(frames)) {
    const reorder = new Reorder(frames);
    expect(order.flatMap((frame) => reorder.accept(frame))).toEqual(frames);
  }
});

test("Reorder of nothing is complete", () => {
  expect(new Reorder([]).isComplete).toBe(true);
});

function permutations(values: readonly number[]): number[][] {
  if (values.length === 0) return [[]];
  return values.flatMap((value) =>
    permutations(values.filter((other) => other !== value)).map((rest) => [value, ...rest]),
  );
}
