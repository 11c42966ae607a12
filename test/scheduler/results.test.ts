import { expect, test } from "vitest";
import { seconds, simulate } from "../support/simulation/simulate.ts";
import { Drive } from "../support/simulation/simulate-drive.ts";
import { failure } from "../support/simulation/simulate-node.ts";

const healthy = { msPerFrame: seconds(10) };

test("every stored frame is released on the node that held it", () => {
  const run = simulate({ frames: 10, nodes: { a: healthy, b: healthy } });

  const stored = run.eventsOf("frame-stored").map(({ node, frame, attempt }) => ({ node, frame, attempt }));
  expect(run.ordersOf("release").map(({ node, frame, attempt }) => ({ node, frame, attempt }))).toEqual(stored);
});

test("a refused result counts against its node, and the frame is rendered elsewhere", () => {
  const run = simulate({ frames: 20, nodes: { liar: { ...healthy, refuses: () => true }, honest: healthy } });

  expect(run.outcome).toEqual({ type: "complete" });
  expect(run.renderedBy("honest")).toHaveLength(20);
  expect(run.noticesOf("node-barred")).toMatchObject([
    { node: "liar", reason: "3 failures in a row: simulated INVALID_RESULT" },
  ]);
});

test("a single node whose results are always refused ends the job instead of rendering for ever", () => {
  const run = simulate({ frames: 3, nodes: { liar: { ...healthy, refuses: () => true } } });

  expect(run.outcome).toEqual({ type: "failed", frames: [1, 2, 3] });
  expect(run.eventsOf("result-refused")).toHaveLength(9);
});

test("a lost result is nobody's fault: the frame is rendered again", () => {
  let losses = 0;
  const loses = () => ++losses <= 5;

  const run = simulate({ frames: 3, nodes: { a: { ...healthy, loses } } });

  expect(run.outcome).toEqual({ type: "complete" });
  expect(run.state.nodes.get("a")?.failuresInARow).toEqual([]);
});

test("a node that always loses its results is barred in the end", () => {
  const run = simulate({ frames: 60, nodes: { leaky: { msPerFrame: seconds(1), loses: () => true }, good: healthy } });

  expect(run.outcome).toEqual({ type: "complete" });
  expect(run.noticesOf("node-barred")).toMatchObject([{ node: "leaky" }]);
});

test("a single node that always loses its results ends the job instead of rendering for ever", () => {
  const run = simulate({ frames: 3, nodes: { leaky: { ...healthy, loses: () => true } } });

  expect(run.outcome).toEqual({ type: "failed", frames: [1, 2, 3] });
});

test("a frame stored after its node was lost counts, and the attempt that replaced it is cancelled", () => {
  const drive = new Drive({ frames: [1, 2] });
  drive.join("a");
  const ref = { node: "a", frame: 1, attempt: 1 };
  drive.tell({ type: "attempt-started", slot: 0, ...ref });
  drive.tell({ type: "attempt-rendered", seconds: 3, ...ref });
  drive.tell({ type: "node-lost", node: "a" });
  const [again] = drive.join("b");
  expect(again).toMatchObject({ type: "assign", frame: 1 });

  const orders = drive.tell({ type: "frame-stored", ...ref });

  expect(drive.statusOf(1)).toBe("stored");
  expect(orders).toContainEqual({ ...again, type: "withdraw", slot: undefined });
});

test("reports that come late, twice, or about unknown things change nothing", () => {
  const drive = new Drive({ frames: [1, 2] });
  drive.join("a");
  const ref = { node: "a", frame: 1, attempt: 1 };
  drive.tell({ type: "attempt-started", slot: 0, ...ref });
  drive.tell({ type: "attempt-rendered", seconds: 3, ...ref });
  drive.tell({ type: "frame-stored", ...ref });
  const before = drive.state.frames.counts;
  const unknown = { node: "a", frame: 2, attempt: 77 };
  const error = failure("CRASHED");

  expect(drive.tell({ type: "attempt-started", slot: 0, ...ref })).toEqual([]);
  expect(drive.tell({ type: "attempt-progressed", ...ref })).toEqual([]);
  expect(drive.tell({ type: "attempt-failed", error, ...ref })).toEqual([]);
  expect(drive.tell({ type: "result-refused", error, ...ref })).toEqual([]);
  expect(drive.tell({ type: "result-lost", ...ref })).toEqual([]);
  expect(drive.tell({ type: "attempt-withdrawn", ...unknown })).toEqual([]);
  expect(drive.tell({ type: "attempt-failed", error, ...unknown })).toEqual([]);
  expect(drive.tell({ type: "slot-lost", node: "unknown", slot: 9 })).toEqual([]);
  expect(drive.tell({ type: "node-lost", node: "unknown" })).toEqual([]);
  expect(drive.tell({ type: "frame-stored", node: "a", frame: 99, attempt: 1 })).toEqual([]);
  expect(drive.state.frames.counts).toEqual(before);
});

test("a result that comes twice is dropped without blame, and its copy released", () => {
  const drive = new Drive({ frames: [1, 2] });
  drive.join("a");
  const ref = { node: "a", frame: 1, attempt: 1 };
  drive.tell({ type: "attempt-rendered", seconds: 3, ...ref });
  expect(drive.tell({ type: "attempt-rendered", seconds: 3, ...ref })).toEqual([]);
  drive.tell({ type: "frame-stored", ...ref });

  expect(drive.tell({ type: "attempt-rendered", seconds: 3, ...ref })).toEqual([{ type: "release", ...ref }]);
  expect(drive.tell({ type: "frame-stored", ...ref })).toEqual([{ type: "release", ...ref }]);
  expect(drive.state.nodes.get("a")?.failuresInARow).toEqual([]);
  expect(drive.state.nodes.get("a")?.storedCount).toBe(1);
});

test("a result that its node cannot send is requeued with the node's reason, and nobody is blamed", () => {
  const drive = new Drive({ frames: [1, 2] });
  drive.join("a");
  const ref = { node: "a", frame: 1, attempt: 1 };
  drive.tell({ type: "attempt-rendered", seconds: 3, ...ref });

  const told = drive.tell({ type: "result-lost", ...ref, why: "Too many open files" });

  const reason = "it could not be fetched from the node: Too many open files";
  expect(told).toContainEqual(
    expect.objectContaining({ notice: expect.objectContaining({ type: "frame-requeued", frame: 1, reason }) }),
  );
  expect(drive.state.nodes.get("a")?.failuresInARow).toEqual([]);
});

test("a result of an attempt that was never assigned counts against its node and is not fetched", () => {
  const drive = new Drive({ frames: [1, 2] });
  drive.join("a");
  const madeUp = { node: "a", frame: 2, attempt: 500 };

  expect(drive.tell({ type: "attempt-rendered", seconds: 3, ...madeUp })).toEqual([{ type: "release", ...madeUp }]);
  expect(drive.state.nodes.get("a")?.failuresInARow).toEqual(["NEVER_ASSIGNED"]);
});

test("a result of an earlier run for a frame that this run does not have is released without blame", () => {
  const drive = new Drive({ frames: [1], firstAttempt: 100 });

  const orders = drive.tell({ type: "node-joined", node: "a", running: [], held: [{ frame: 50, attempt: 3 }] });

  expect(orders).toEqual([{ type: "release", node: "a", frame: 50, attempt: 3 }]);
});

test("a run that resumes after the coordinator ended adopts what nodes still render and hold", () => {
  const a = {
    msPerFrame: seconds(10),
    heldBefore: [
      { frame: 3, attempt: 3 },
      { frame: 4, attempt: 4 },
    ],
    runningBefore: [{ frame: 5, attempt: 5 }],
  };

  const run = simulate({ frames: 6, alreadyStored: [1, 2, 4], firstAttempt: 1000, nodes: { a } });

  expect(run.outcome).toEqual({ type: "complete" });
  expect(run.storedInOrder).toEqual([3, 5, 6]);
  expect(run.renderedBy("a")).toEqual([5, 6]);
  expect(run.ordersOf("release")[0]).toMatchObject({ frame: 4, attempt: 4 });
});
