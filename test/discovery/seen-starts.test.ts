import { describe, expect, test } from "vitest";
import type { Sighting } from "../../src/core/node.ts";
import { SeenNodes } from "../../src/discovery/seen-nodes.ts";
import { aliveAfterMs, SeenStarts } from "../../src/discovery/seen-starts.ts";

const id = "0123456789abcdef".repeat(2);
const startOf = (number: number) => number.toString(16).padStart(16, "0");
const heardAt = (host: string, start: number | undefined, words: Partial<Sighting> = {}): Sighting => ({
  ...{ id, name: "clone", addresses: [{ host, port: 7447 }], source: "mdns", ...words },
  ...(start !== undefined && { start: startOf(start) }),
});
const hosts = ({ addresses }: Sighting) => addresses.map(({ host }) => host);

describe("two starts under one id", () => {
  test("are two nodes if the first is heard after the second; each keeps its own fields and addresses", () => {
    const starts = new SeenStarts();
    starts.hear(heardAt("10.0.0.1", 1), 0);
    expect(starts.hear(heardAt("10.0.0.2", 2), 100)).not.toHaveProperty("duplicates");
    const both = starts.hear(heardAt("10.0.0.1", 1, { state: "busy" }), 100 + aliveAfterMs);
    expect([hosts(both), both.start]).toEqual([["10.0.0.2"], startOf(2)]);
    expect(both.duplicates).toEqual([heardAt("10.0.0.1", 1, { state: "busy" })]);
    expect(starts.hear(heardAt("10.0.0.2", 2), 2_000)).toEqual(both); // nothing changes from then on
  });

  test("are one restarted node if the first is not heard any more, at the same address or another", () => {
    const starts = new SeenStarts();
    starts.hear(heardAt("10.0.0.1", 1), 0);
    starts.hear(heardAt("10.0.0.1", 2), 300);
    for (let atMs = 1_000; atMs < 100_000; atMs += 30_000) {
      expect(starts.hear(heardAt("10.0.0.1", 2), atMs)).toEqual(heardAt("10.0.0.1", 2));
    }
    const moved = starts.hear(heardAt("10.0.0.9", 3), 200_000);
    expect(hosts(moved)).toEqual(["10.0.0.9", "10.0.0.1"]);
    expect(moved).not.toHaveProperty("duplicates");
  });

  test("are one node if only a late packet of the first arrives", () => {
    const starts = new SeenStarts();
    starts.hear(heardAt("10.0.0.1", 1), 0);
    starts.hear(heardAt("10.0.0.1", 2), 1_000);
    expect(starts.hear(heardAt("10.0.0.1", 1), 1_000 + aliveAfterMs - 1)).not.toHaveProperty("duplicates");
  });
});

test("one start heard on two networks and by IPv4 and IPv6 is one node", () => {
  const starts = new SeenStarts();
  for (let atMs = 0; atMs < 10_000; atMs += 1_000) {
    for (const host of ["10.0.0.1", "192.168.1.1", "2001:db8::1"]) starts.hear(heardAt(host, 1), atMs);
  }
  const node = starts.hear(heardAt("10.0.0.1", 1), 10_000);
  expect(hosts(node).sort()).toEqual(["10.0.0.1", "192.168.1.1", "2001:db8::1"]);
  expect(node).not.toHaveProperty("duplicates");
});

test("a node of an older release, which announces no start, is one node wherever it is heard", () => {
  const starts = new SeenStarts();
  for (let atMs = 0; atMs < 10_000; atMs += 1_000) {
    starts.hear(heardAt("10.0.0.1", undefined), atMs);
    expect(starts.hear(heardAt("10.0.0.2", undefined), atMs)).not.toHaveProperty("duplicates");
  }
});

test("three clones are three nodes, even if one is restarted", () => {
  const starts = new SeenStarts();
  const hearAll = (numbers: readonly number[], fromMs: number) => {
    let last: Sighting | undefined;
    for (const atMs of [fromMs, fromMs + aliveAfterMs]) {
      for (const number of numbers) last = starts.hear(heardAt(`10.0.0.${number}`, number), atMs);
    }
    return [last?.start, ...(last?.duplicates ?? []).map(({ start }) => start)];
  };
  expect(hearAll([1, 2, 3], 0)).toEqual([3, 1, 2].map(startOf));
  expect(hearAll([1, 2, 4], 60_000)).toEqual([4, 1, 2].map(startOf));
  expect(hearAll([5], 120_000)).toEqual([5].map(startOf)); // the others are gone
});

test("a host that announces the id with many starts is remembered only a few times, and the node is still found", () => {
  const starts = new SeenStarts();
  for (let number = 2; number < 10_000; number++) {
    starts.hear(heardAt("10.6.6.6", number), number * 100);
    if (number % 100 === 0) expect(hosts(starts.hear(heardAt("10.0.0.1", 1), number * 100))).toContain("10.0.0.1");
  }
  const node = starts.hear(heardAt("10.0.0.1", 1), 1_000_000);
  expect((node.duplicates ?? []).length).toBeLessThan(8);
  expect(hosts(node)[0]).toBe("10.0.0.1");
});

test("SeenNodes triggers a new query when a known node is heard with another start", () => {
  let asked = 0;
  const seen = new SeenNodes({
    isExpected: () => true,
    monotonicMs: () => 0,
    onAnotherStart: () => {
      asked += 1;
    },
  });
  const answer = (start: string) => ({ port: 7447, sender: "10.0.0.1", addresses: [], txt: { v: "1", id, start } });
  for (const start of [startOf(1), startOf(1), startOf(2), startOf(2)]) seen.see(answer(start));
  expect(asked).toBe(1);
});
