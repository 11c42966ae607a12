import { describe, expect, test } from "vitest";
import type { FarmEvent } from "../../../../src/farm/events.ts";
import { JobTotals } from "../../../../src/farm/job/job-totals.ts";
import { EventPublisher } from "../../../../src/farm/job/loop/event-publisher.ts";
import type { LiveAttempt } from "../../../../src/scheduler/state/state.ts";
import type { NodeReport } from "../../../../src/session/node-report.ts";
import type { FrameResult } from "../../../../src/session/protocol.ts";
import { Drive } from "../../../support/simulation/simulate-drive.ts";

const node = "ab".repeat(16);
const other = "cd".repeat(16);

const attempt = (number: number, changes: Partial<LiveAttempt> = {}): LiveAttempt => ({
  ...{ attempt: number, frame: number, node, slot: 0, status: "assigned", recall: "none" },
  ...{ startedAt: null, progressedAt: 0, dueAt: 0, fetchedAt: null, isHere: false, seconds: null, ...changes },
});
const started = (frame: number, number = frame): NodeReport => ({
  type: "frame-started",
  frame,
  attempt: number,
  slot: 9,
});
const progress = (frame: number): NodeReport => ({
  ...{ type: "frame-progress", frame, attempt: frame, slot: 9, steps: 1, fraction: 0.5 },
});
const rendered = (frame: number): NodeReport => ({
  type: "frame-rendered",
  result: { frame, attempt: frame, slot: 9, seconds: 2 } as FrameResult,
});
const warning = (message: string): NodeReport => ({ type: "warning", code: "ODD", message, slot: null });

function make() {
  const told: FarmEvent[] = [];
  const clock = { nowMs: 0, monotonicMs: () => clock.nowMs, unixMs: () => 0, sleep: async () => {} };
  const tell = (event: FarmEvent) => void told.push(event);
  const totals = new JobTotals(tell, 0);
  const nameOf = (id: string) => (id === node ? "attic" : "desk");
  const publisher = new EventPublisher({ tell, totals, nameOf, clock, overrides: null });
  const report = (from: string, said: NodeReport, ...known: LiveAttempt[]) => {
    told.length = 0;
    publisher.report(from, said, new Map(known.map((each) => [each.attempt, each])));
    return told.map(({ type }) => type);
  };
  return { report, told, clock, totals, publisher };
}

describe("a node's report about an attempt is published", () => {
  test("if the scheduler assigned that attempt to it, with the assigned slot", () => {
    const { report, told } = make();
    expect(report(node, started(1), attempt(1))).toEqual(["frame:started"]);
    expect(told[0]).toMatchObject({ node, name: "attic", frame: 1, slot: 0 });
    expect(report(node, progress(1), attempt(1, { status: "running" }))).toEqual(["frame:progressed"]);
    expect(told[0]).toMatchObject({ frame: 1, slot: 0, fraction: 0.5 });
    expect(report(node, rendered(1), attempt(1, { status: "running" }))).toEqual(["frame:rendered"]);
    expect(report(node, rendered(2), attempt(2))).toEqual(["frame:rendered"]); // its start was not reported
  });

  test("but not if there is no such attempt, or it belongs to another node or frame", () => {
    const { report } = make();
    for (const said of [started(1), progress(1), rendered(1)]) {
      for (const status of ["assigned", "running"] as const) {
        expect(report(node, said)).toEqual([]);
        expect(report(node, said, attempt(2, { status }))).toEqual([]);
        expect(report(other, said, attempt(1, { status }))).toEqual([]);
        expect(report(node, said, attempt(1, { status, frame: 7 }))).toEqual([]);
      }
    }
  });

  test("nor if it starts or ends a second time", () => {
    const { report } = make();
    expect(report(node, started(1), attempt(1, { status: "running" }))).toEqual([]);
    expect(report(node, started(1), attempt(1, { status: "rendered" }))).toEqual([]);
    expect(report(node, progress(1), attempt(1, { status: "rendered" }))).toEqual([]);
    expect(report(node, rendered(1), attempt(1, { status: "rendered" }))).toEqual([]);
  });

  test("and progress at most twice a second for each slot", () => {
    const { report, clock } = make();
    const running = [attempt(1, { status: "running" }), attempt(2, { status: "running", slot: 1 })];
    let told = 0;
    for (; clock.nowMs < 10_000; clock.nowMs += 5) {
      told += report(node, progress(1), ...running).length + report(node, progress(2), ...running).length;
    }
    expect(told).toBe(2 * 20);
  });
});

test("each warning of a node is published once, up to fifty and a last one; other nodes have their own limit", () => {
  const { report, told, totals } = make();
  expect(report(node, warning("a"))).toEqual(["warning"]);
  expect(report(node, warning("a"))).toEqual([]);
  let count = 1;
  for (let number = 0; number < 10_000; number++) count += report(node, warning(`w${number}`)).length;
  expect(count).toBe(51);
  expect(totals.warnings.at(-1)).toBe("More of its warnings are not shown (attic)");
  expect(report(other, warning("a"))).toEqual(["warning"]);
  expect(told[0]).toMatchObject({ message: "a", name: "desk" });
});

test("there is an estimate while the first frame is rendered, and the scheduler's own once it is stored", () => {
  const { report, told, publisher } = make();
  const drive = new Drive({ frames: [1, 2, 3, 4] });
  drive.join(node);
  drive.tell({ type: "attempt-started", node, slot: 0, frame: 1, attempt: 1 });
  const estimate = (atMs: number) => {
    told.length = 0;
    publisher.progressed(drive.state, atMs, { nodes: 1, encoded: 0 });
    return told[0];
  };
  expect(estimate(10_000)).toMatchObject({ etaMs: null, etaRangeMs: null });
  report(node, progress(1), ...drive.state.attempts.values());
  expect(estimate(10_000)).toMatchObject({ etaMs: 70_000, etaRangeMs: [35_000, 140_000] });
  drive.wait(20_000).tell({ type: "attempt-rendered", node, frame: 1, attempt: 1, seconds: 20 });
  drive.tell({ type: "frame-stored", node, frame: 1, attempt: 1 });
  expect(estimate(20_000)).toMatchObject({ etaMs: 60_000, etaRangeMs: [expect.any(Number), expect.any(Number)] });
});
