import { describe, expect, test } from "vitest";
import { SeenNodes } from "../../src/discovery/seen-nodes.ts";
import { mergeSightings } from "../../src/discovery/seen-starts.ts";

const idOf = (number: number) => number.toString(16).padStart(32, "0");
const answer = (number: number, sender = "10.0.0.66", name = "n") => ({
  ...{ port: 7447, sender, addresses: [] },
  txt: { v: "1", id: idOf(number), name, key: "c0ffee42" },
});
const honest = 0xffff_ffff;

function make(expected: readonly number[] = []) {
  const clock = { nowMs: 0 };
  const ids = new Set(expected.map(idOf));
  const seen = new SeenNodes({ isExpected: (id) => ids.has(id), monotonicMs: () => clock.nowMs });
  /** Announces new nodes. @returns How many of them are accepted */
  const flood = (count: number, senderOf: (number: number) => string) => {
    let taken = 0;
    for (let number = 0; number < count; number++) {
      if (seen.see(answer(number + clock.nowMs * 1_000_000, senderOf(number)))) taken += 1;
    }
    return taken;
  };
  return { clock, seen, flood };
}

test("a node is reported if it is new or changed, and is one node on all networks", () => {
  const { seen } = make();
  expect(seen.see(answer(1))).toMatchObject({ id: idOf(1), name: "n" });
  expect(seen.see(answer(1))).toBeUndefined();
  expect(seen.see(answer(1, "10.0.0.66", "m"))).toMatchObject({ name: "m" });
  expect(seen.see(answer(1, "10.1.0.7", "m"))?.addresses.map(({ host }) => host)).toEqual(["10.1.0.7", "10.0.0.66"]);
  expect(seen.see({ ...answer(2), txt: {} })).toBeUndefined();
});

describe("a host that announces thousands of nodes", () => {
  test("gets only a few of them accepted, and honest nodes are always seen", () => {
    const { clock, seen, flood } = make();
    expect(seen.see(answer(honest, "10.0.0.1"))).toBeDefined();
    expect(flood(10_000, () => "10.0.0.66")).toBe(64);
    for (let number = 1; number <= 300; number++) {
      expect(seen.see(answer(honest + number, `10.0.1.${number % 250}`))).toBeDefined();
    }
    clock.nowMs = 3_600_000;
    expect(flood(10_000, () => "10.0.0.66")).toBe(64);
  });

  test("gets at most one more node accepted every ten seconds", () => {
    const { clock, flood } = make();
    let taken = flood(1_000, () => "10.0.0.66");
    for (clock.nowMs = 1_000; clock.nowMs <= 3_600_000; clock.nowMs += 1_000) taken += flood(5, () => "10.0.0.66");
    expect(taken).toBe(64 + 360);
  });

  test("under many addresses does not exceed the limit for all hosts, and does not keep out an expected node", () => {
    const { clock, seen, flood } = make([honest]);
    expect(flood(20_000, (number) => `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`)).toBe(1_024);
    expect(seen.see(answer(honest, "10.0.0.1"))).toBeDefined();
    clock.nowMs = 60_000;
    expect(flood(20_000, (number) => `10.9.${(number >> 8) & 255}.${number & 255}`)).toBe(60);
  });

  test("does not fill the memory: old nodes are forgotten, and are new when they are seen again", () => {
    const { clock, seen, flood } = make([honest]);
    expect(seen.see(answer(honest, "10.0.0.1"))).toBeDefined();
    expect(seen.see(answer(honest, "10.0.0.1"))).toBeUndefined();
    let taken = 0;
    for (; taken < 4_096; clock.nowMs += 600_000) {
      taken += flood(2_000, (number) => `10.${number & 63}.${clock.nowMs % 251}.1`);
    }
    expect(seen.see(answer(honest, "10.0.0.1"))).toBeDefined();
  });
});

describe("mergeSightings()", () => {
  const at = (host: string, port = 7447) => ({ host, port });
  const before = { id: idOf(1), name: "old", addresses: [at("a"), at("b")], source: "mdns" } as const;

  test("takes the newer fields, and the addresses of both", () => {
    const merged = mergeSightings(before, { ...before, name: "new", addresses: [at("c"), at("a")] });
    expect(merged).toEqual({ ...before, name: "new", addresses: [at("c"), at("a"), at("b")] });
  });

  test("forgets addresses with another port: the node was restarted", () => {
    expect(mergeSightings(before, { ...before, addresses: [at("c", 7448)] }).addresses).toEqual([at("c", 7448)]);
  });

  test("changes nothing if the same sighting comes again", () => {
    expect(mergeSightings(before, before)).toEqual(before);
  });
});
