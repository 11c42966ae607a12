import { expect, test } from "vitest";
import type { FarmEvent } from "../../../src/farm/events.ts";
import { Tally } from "../../../src/farm/job/job-totals.ts";

function make(reused = 0) {
  const events: FarmEvent[] = [];
  return { tally: new Tally((event) => events.push(event), reused), events };
}

test("count() counts each frame once, for the node that was first", () => {
  const { tally } = make(3);
  expect(tally.count("a", 1, 2)).toBe(true);
  expect(tally.count("b", 1, 2)).toBe(false);
  expect(tally.count("b", 2, 5)).toBe(true);
  expect(tally.count("b", -3, 1)).toBe(true);
  expect(tally.stored).toBe(6);
  expect(tally.nodes(() => undefined)).toEqual([
    { node: "b", name: "b", blender: "", frames: 2, renderSeconds: 6 },
    { node: "a", name: "a", blender: "", frames: 1, renderSeconds: 2 },
  ]);
});

test("warn() tells the same thing once, and the summary repeats it with the node's name", () => {
  const { tally, events } = make();
  tally.warn("CPU_FALLBACK", "it renders on the CPU", "one");
  tally.warn("CPU_FALLBACK", "it renders on the CPU", "one");
  tally.warn("CPU_FALLBACK", "it renders on the CPU", "two");
  tally.warn("MDNS", "no mDNS", null);
  expect(events.length).toBe(3);
  expect(tally.warnings).toEqual(["it renders on the CPU (one)", "it renders on the CPU (two)", "no mDNS"]);
});
