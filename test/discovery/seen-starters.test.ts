import { expect, test } from "vitest";
import type { StarterState } from "../../src/core/node.ts";
import { SeenStarters } from "../../src/discovery/seen-starters.ts";
import { starterTxt } from "../../src/discovery/starter-notice.ts";

const idOf = (number: number) => number.toString(16).padStart(32, "0");

function answer(number: number, sender: string, state: StarterState = "looking") {
  const txt = starterTxt({ id: idOf(number), name: `m${number}`, state, keyId: "0a1b2c3d" });
  return { port: 7447, sender, addresses: [], txt };
}

test("a machine is new once, and again when it says something else", () => {
  const seen = new SeenStarters();
  expect(seen.see(answer(1, "10.0.0.1"), 0)).toBe(true);
  expect(seen.see(answer(1, "10.0.0.1"), 10)).toBe(false);
  expect(seen.see(answer(1, "10.0.0.1", "joining"), 20)).toBe(true);
  expect(seen.starters).toMatchObject([{ id: idOf(1), state: "joining" }]);
});

test("a machine that is not heard any more is dropped", () => {
  const seen = new SeenStarters();
  seen.see(answer(1, "10.0.0.1"), 0);
  seen.see(answer(2, "10.0.0.2"), 0);
  seen.see(answer(2, "10.0.0.2"), 9_000);
  expect(seen.dropGone(9_999)).toBe(false);
  expect(seen.dropGone(10_000)).toBe(true);
  expect(seen.starters.map(({ id }) => id)).toEqual([idOf(2)]);
});

test("an address that announces any number of machines leaves room for honest ones", () => {
  const seen = new SeenStarters();
  for (let number = 0; number < 10_000; number += 1) seen.see(answer(number, "10.0.0.66"), number);
  expect(seen.starters).toHaveLength(4);
  expect(seen.see(answer(20_000, "10.0.0.1"), 10_000)).toBe(true);
});

test("many addresses together are bounded too", () => {
  const seen = new SeenStarters();
  for (let number = 0; number < 1_000; number += 1) seen.see(answer(number, `10.0.${number >> 8}.${number & 255}`), 0);
  expect(seen.starters).toHaveLength(64);
});
