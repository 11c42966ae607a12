import { expect, test } from "vitest";
import { framesOfRange, orderFrames } from "../../src/core/frame-range.ts";
import { seconds, simulate } from "../support/simulation/simulate.ts";
import { Drive } from "../support/simulation/simulate-drive.ts";

test("a slot gets one frame to render and, once that runs, another one to wait behind it", () => {
  const drive = new Drive({ frames: [1, 2, 3] });

  expect(drive.join("a")).toEqual([{ type: "assign", node: "a", slot: 0, frame: 1, attempt: 1 }]);
  expect(drive.tell({ type: "attempt-started", node: "a", slot: 0, frame: 1, attempt: 1 })).toEqual([
    { type: "assign", node: "a", slot: 0, frame: 2, attempt: 2 },
  ]);
  expect(drive.tell({ type: "attempt-progressed", node: "a", frame: 1, attempt: 1 })).toEqual([]);
  expect(drive.tell({ type: "attempt-rendered", node: "a", frame: 1, attempt: 1, seconds: 5 })).toEqual([
    { type: "fetch", node: "a", frame: 1, attempt: 1 },
  ]);
  expect(drive.tell({ type: "attempt-started", node: "a", slot: 0, frame: 2, attempt: 2 })).toEqual([
    { type: "assign", node: "a", slot: 0, frame: 3, attempt: 3 },
  ]);
  expect(drive.tell({ type: "frame-stored", node: "a", frame: 1, attempt: 1 })).toEqual([
    { type: "release", node: "a", frame: 1, attempt: 1 },
  ]);
});

test("every order names the event that caused it", () => {
  const run = simulate({ frames: 5, nodes: { a: { msPerFrame: 100 } } });

  for (const { cause } of run.instructions) expect(run.events[cause - 1]?.seq).toBe(cause);
});

test("no node gets anything before one of its slots is ready", () => {
  const drive = new Drive({ frames: [1] });

  expect(drive.tell({ type: "node-joined", node: "a", running: [], held: [] })).toEqual([]);
  expect(drive.tell({ type: "slot-ready", node: "unknown", slot: 0 })).toEqual([]);
});

test("nodes that kept the job report before any node is given a frame, so that none is rendered twice", () => {
  const drive = new Drive({ frames: [1, 2, 3], firstAttempt: 11, handsOutFrom: 900 });

  expect(drive.join("a")).toEqual([]);
  const running = [{ slot: 0, frame: 1, attempt: 4 }];
  const fetched = drive.wait(500).tell({ type: "node-joined", node: "b", running, held: [{ frame: 2, attempt: 5 }] });
  expect(fetched).toEqual([{ type: "fetch", node: "b", frame: 2, attempt: 5 }]);
  expect(drive.wait(500).tell({ type: "tick" })).toEqual([
    { type: "assign", node: "a", slot: 0, frame: 3, attempt: 11 },
  ]);
});

test("idle slots are served before a frame is put behind a busy one", () => {
  const drive = new Drive({ frames: [1, 2, 3] });
  drive.join("a");

  const orders = drive.join("b");

  expect(orders).toEqual([{ type: "assign", node: "b", slot: 0, frame: 2, attempt: 2 }]);
});

test("two equal nodes share a job evenly, and no slot ever waits for work", () => {
  const run = simulate({ frames: 40, nodes: { a: { msPerFrame: seconds(3) }, b: { msPerFrame: seconds(3) } } });

  expect(run.outcome).toEqual({ type: "complete" });
  expect(run.renderedBy("a")).toHaveLength(20);
  expect(run.renderedBy("b")).toHaveLength(20);
  expect(run.finishedAt).toBe(seconds(60));
});

test("a node three times as fast renders three times as much, though nothing says how fast it is", () => {
  const run = simulate({ frames: 40, nodes: { fast: { msPerFrame: seconds(1) }, slow: { msPerFrame: seconds(3) } } });

  expect(run.renderedBy("fast")).toHaveLength(30);
  expect(run.finishedAt).toBe(seconds(30));
});

test("a node that joins late gets frames at once", () => {
  const run = simulate({
    frames: 40,
    nodes: { early: { msPerFrame: seconds(1) }, late: { msPerFrame: seconds(1), joins: seconds(20) } },
  });

  expect(run.renderedBy("early")).toHaveLength(30);
  expect(run.renderedBy("late")).toHaveLength(10);
  expect(run.finishedAt).toBe(seconds(30));
});

test("a node with four slots renders four frames at a time", () => {
  const run = simulate({ frames: 40, nodes: { a: { msPerFrame: seconds(10), slots: 4 } } });

  expect(run.finishedAt).toBe(seconds(100));
});

test.each(["sequential", "reverse", "spread"] as const)("one slot stores the frames in the order %s", (order) => {
  const frames = orderFrames(framesOfRange(-5, 20, 1), order);

  const run = simulate({ frames, nodes: { a: { msPerFrame: 100 } } });

  expect(run.storedInOrder).toEqual(frames);
});

test("frames that an earlier run stored are not rendered again", () => {
  const run = simulate({ frames: 10, alreadyStored: [1, 2, 3, 7], nodes: { a: { msPerFrame: 100 } } });

  expect(run.renderedBy("a")).toEqual([4, 5, 6, 8, 9, 10]);
  expect(run.stored).toHaveLength(10);
});

test("a job whose frames are all stored ends with its first event", () => {
  const drive = new Drive({ frames: [1, 2], alreadyStored: new Set([1, 2]) });

  expect(drive.tell({ type: "tick" })).toEqual([{ type: "finish", outcome: { type: "complete" } }]);
});

test("a frame listed twice is the caller's bug, and is refused", () => {
  expect(() => new Drive({ frames: [1, 2, 1] })).toThrow("listed twice");
});

test("ten thousand frames over ten nodes are each stored once", () => {
  const nodes = Object.fromEntries(
    Array.from({ length: 10 }, (_, index) => [`node${index}`, { msPerFrame: seconds(1 + index), slots: 2 }]),
  );

  const run = simulate({ frames: 10_000, nodes, checkEvery: 5000 });

  expect(run.outcome).toEqual({ type: "complete" });
  expect(run.storedInOrder).toHaveLength(10_000);
}, 60_000);
