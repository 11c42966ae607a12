import { expect, test } from "vitest";
import type { FarmEvent } from "../../../src/farm/events.ts";
import { JobTotals } from "../../../src/farm/job/job-totals.ts";

function make(reused = 0) {
  const events: FarmEvent[] = [];
  return { totals: new JobTotals((event) => events.push(event), reused), events };
}

test("count() counts each frame once, for the first node", () => {
  const { totals } = make(3);
  expect(totals.count("a", 1, 2)).toBe(true);
  expect(totals.count("b", 1, 2)).toBe(false);
  expect(totals.count("b", 2, 5)).toBe(true);
  expect(totals.count("b", -3, 1)).toBe(true);
  expect(totals.stored).toBe(6);
  expect(totals.nodes(() => undefined)).toEqual([
    { node: "b", name: "b", blender: "", frames: 2, renderSeconds: 6 },
    { node: "a", name: "a", blender: "", frames: 1, renderSeconds: 2 },
  ]);
});

test("warn() reports the same warning once, and the summary repeats it with the node's name", () => {
  const { totals, events } = make();
  totals.warn("CPU_FALLBACK", "it renders on the CPU", "one");
  totals.warn("CPU_FALLBACK", "it renders on the CPU", "one");
  totals.warn("CPU_FALLBACK", "it renders on the CPU", "two");
  totals.warn("MDNS", "no mDNS", null);
  expect(events.length).toBe(3);
  expect(totals.warnings).toEqual(["it renders on the CPU (one)", "it renders on the CPU (two)", "no mDNS"]);
});
