import { expect, test } from "vitest";
import type { Starter, StarterState } from "../../src/core/node.ts";
import { decideFounding } from "../../src/pairing/founding.ts";

function starter(id: string, state: StarterState): Starter {
  const farm = state === "founder" || state === "joining" ? { keyId: "0a1b2c3d" } : {};
  return { id, name: id, state, addresses: [{ host: "10.0.0.1", port: 9 }], ...farm };
}

test("of machines that look at the same time, the one with the smallest id founds the farm, and the others wait for it", () => {
  const ids = ["b", "c", "a", "d"];
  const decisions = ids.map((own) =>
    decideFounding(
      own,
      false,
      ids.filter((id) => id !== own).map((id) => starter(id, "looking")),
    ),
  );
  expect(decisions.map(({ type }) => type)).toEqual(["wait", "wait", "found", "wait"]);
  expect(decisions.map((decision) => (decision.type === "wait" ? decision.other.id : "-"))).toEqual([
    "a",
    "a",
    "-",
    "a",
  ]);
});

test("a machine that is about to found a farm is waited for, whatever its id; of two of them the smaller id continues", () => {
  expect(decideFounding("a", false, [starter("z", "founding")])).toMatchObject({ type: "wait", other: { id: "z" } });
  expect(decideFounding("m", true, [starter("z", "founding"), starter("a", "looking")])).toEqual({ type: "found" });
  expect(decideFounding("m", true, [starter("a", "founding")])).toMatchObject({ type: "wait", other: { id: "a" } });
});

test("a farm that was founded is joined, also by a machine that was about to found one", () => {
  for (const isFounding of [false, true]) {
    const decision = decideFounding("a", isFounding, [starter("b", "looking"), starter("z", "founder")]);
    expect(decision).toMatchObject({ type: "join", founder: { id: "z" } });
  }
});

test("machines that already join a farm do not hold anybody up", () => {
  expect(decideFounding("m", false, [starter("a", "joining")])).toEqual({ type: "found" });
});
