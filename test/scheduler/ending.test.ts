import { expect, test } from "vitest";
import { minutes, seconds, simulate } from "../support/simulation/simulate.ts";
import { Drive } from "../support/simulation/simulate-drive.ts";

test("a drain lets running frames finish, starts nothing new, and says what is missing", () => {
  const run = simulate({
    frames: 10,
    nodes: { a: { msPerFrame: seconds(10) }, b: { msPerFrame: seconds(15) } },
    drainAt: seconds(12),
  });

  expect(run.outcome).toEqual({ type: "drained", missing: [4, 5, 6, 7, 8, 9, 10] });
  expect(run.stored).toEqual([1, 2, 3]);
  expect(run.finishedAt).toBe(seconds(20));
  expect(run.ordersOf("cancel")).toEqual([]);
});

test("a drain withdraws waiting frames, and finishes one that has just started", () => {
  const drive = new Drive({ frames: [1, 2, 3] });
  drive.join("a");
  drive.tell({ type: "attempt-started", node: "a", slot: 0, frame: 1, attempt: 1 });

  expect(drive.tell({ type: "drain-requested" })).toEqual([{ type: "withdraw", node: "a", frame: 2, attempt: 2 }]);
  drive.tell({ type: "attempt-rendered", node: "a", frame: 1, attempt: 1, seconds: 1 });
  drive.tell({ type: "attempt-started", node: "a", slot: 0, frame: 2, attempt: 2 });
  drive.tell({ type: "frame-stored", node: "a", frame: 1, attempt: 1 });
  drive.tell({ type: "attempt-rendered", node: "a", frame: 2, attempt: 2, seconds: 1 });

  expect(drive.tell({ type: "frame-stored", node: "a", frame: 2, attempt: 2 }).at(-1)).toEqual({
    type: "finish",
    outcome: { type: "drained", missing: [3] },
  });
});

test("a drain ends at once when nothing runs", () => {
  const drive = new Drive({ frames: [1, 2] });

  expect(drive.tell({ type: "drain-requested" })).toEqual([
    { type: "finish", outcome: { type: "drained", missing: [1, 2] } },
  ]);
});

test("a job is complete when all its frames get stored during the drain", () => {
  const run = simulate({ frames: 2, nodes: { a: { msPerFrame: seconds(10), slots: 2 } }, drainAt: seconds(5) });

  expect(run.outcome).toEqual({ type: "complete" });
});

test("frames that are requeued during a drain stay missing", () => {
  const run = simulate({
    frames: 4,
    nodes: { a: { msPerFrame: minutes(1), dies: seconds(30) }, b: { msPerFrame: minutes(1) } },
    drainAt: seconds(10),
  });

  expect(run.outcome).toEqual({ type: "drained", missing: [1, 3, 4] });
});

test("finish is ordered once, and later events produce no orders", () => {
  const drive = new Drive({ frames: [1] });
  drive.join("a");
  drive.tell({ type: "attempt-rendered", node: "a", frame: 1, attempt: 1, seconds: 1 });
  const orders = drive.tell({ type: "frame-stored", node: "a", frame: 1, attempt: 1 });
  expect(orders.filter(({ type }) => type === "finish")).toHaveLength(1);
  const { state } = drive;

  expect(drive.tell({ type: "frame-stored", node: "a", frame: 1, attempt: 1 })).toEqual([]);
  expect(drive.join("b")).toEqual([]);
  expect(drive.tell({ type: "drain-requested" })).toEqual([]);
  expect(drive.state).toBe(state);
});
