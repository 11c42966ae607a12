import { expect, test } from "vitest";
import { framesOfRange } from "../../src/core/frame-range.ts";
import { seconds, simulate } from "../support/simulation/simulate.ts";
import { Drive } from "../support/simulation/simulate-drive.ts";

const policy = { inRuns: true };
const framesOf = (orders: readonly { type: string }[]) =>
  orders.flatMap((order) => (order.type === "assign" && "frame" in order ? [order.frame] : []));

test("in runs, a slot continues with the next frame, and another one begins in the middle of the rest", () => {
  const drive = new Drive({ frames: framesOfRange(1, 20, 1), policy });
  expect(framesOf(drive.join("a"))).toEqual([1]);
  expect(framesOf(drive.join("b"))).toEqual([11]);
  const ref = { node: "a", frame: 1, attempt: 1 };
  expect(framesOf(drive.tell({ type: "attempt-started", slot: 0, ...ref }))).toEqual([2]); // waits behind it
});

test("in runs, each slot renders few stretches of frames that follow each other", () => {
  const node = { msPerFrame: seconds(2), slots: 2 };
  const run = simulate({ frames: 200, nodes: { one: node, two: { ...node, msPerFrame: seconds(3) } }, policy });
  expect(run.outcome).toEqual({ type: "complete" });
  expect(run.stored).toEqual(framesOfRange(1, 200, 1));
  const latest = new Map<string, number>();
  let runs = 0;
  for (const { node, slot, frame } of run.ordersOf("assign")) {
    if (latest.get(`${node} ${slot}`) !== frame - 1) runs += 1;
    latest.set(`${node} ${slot}`, frame);
  }
  expect(runs).toBeLessThan(30);
});

test("in runs, a lost node's frames are rendered, and the job completes", () => {
  const run = simulate({
    frames: 60,
    nodes: { steady: { msPerFrame: seconds(2) }, dying: { msPerFrame: seconds(2), dies: seconds(15) } },
    policy,
  });
  expect(run.outcome).toEqual({ type: "complete" });
  expect(run.stored).toEqual(framesOfRange(1, 60, 1));
});
