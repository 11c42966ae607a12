import { expect, test } from "vitest";
import { closest, editDistance } from "../../src/cli/suggestion.ts";

test("editDistance() counts the letters to add, remove, change or swap", () => {
  for (const [a, b, distance] of [
    ...[["", "key", 3] as const, ["key", "key", 0] as const, ["keey", "key", 1] as const, ["shwo", "show", 1] as const],
    ...[["doctor", "docter", 1] as const, ["nodes", "encode", 3] as const],
  ]) {
    expect(editDistance(a, b), `${a} ${b}`).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  }
});

test("closest() returns the nearest word, or undefined if none is near", () => {
  const names = ["nodes", "node", "farmspec", "key"];
  expect(["nodse", "nod", "farmspek", "keey", "scene"].map((word) => closest(word, names))).toEqual([
    ...["nodes", "node", "farmspec", "key", undefined],
  ]);
});
