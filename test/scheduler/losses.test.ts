import { expect, test } from "vitest";
import { framesOfRange } from "../../src/core/frame-range.ts";
import { minutes, seconds, simulate } from "../support/simulation/simulate.ts";
import { Drive } from "../support/simulation/simulate-drive.ts";
import { failure } from "../support/simulation/simulate-node.ts";

test("a job survives the loss of its fastest node: every frame once, no frame lost", () => {
  const fast = { msPerFrame: seconds(1), dies: seconds(10) };
  const slow = { msPerFrame: seconds(5) };

  const run = simulate({ frames: 40, nodes: { fast, slow } });

  expect(run.outcome).toEqual({ type: "complete" });
  expect(run.stored).toEqual(framesOfRange(1, 40, 1));
  // The tenth frame ends at the moment of the loss and is rendered again.
  expect(run.finishedAt).toBe(seconds(155));
  expect(run.noticesOf("node-barred")).toEqual([]);
});

test("the last frame, lost with a dying node, is rendered by another", () => {
  const dying = { msPerFrame: seconds(10), joins: seconds(0), dies: seconds(19) };
  const other = { msPerFrame: seconds(12), joins: seconds(1) };

  const run = simulate({ frames: 3, nodes: { dying, other } });

  expect(run.outcome).toEqual({ type: "complete" });
  expect(run.stored).toEqual([1, 2, 3]);
  expect(run.noticesOf("frame-requeued")).toMatchObject([{ frame: 2, node: "dying", reason: "its node was lost" }]);
});

test("frames of a lost node are requeued at once and go out before later ones", () => {
  const drive = new Drive({ frames: [1, 2, 3, 4, 5] });
  drive.join("a");
  drive.tell({ type: "attempt-started", node: "a", slot: 0, frame: 1, attempt: 1 });
  drive.join("b");
  drive.tell({ type: "attempt-started", node: "b", slot: 0, frame: 3, attempt: 3 });

  const orders = drive.tell({ type: "node-lost", node: "a" });

  expect(drive.statusOf(1)).toBe("queued");
  expect(drive.statusOf(2)).toBe("queued");
  expect(orders.map(({ type }) => type)).toEqual(["announce", "announce"]);
  expect(drive.join("c")).toMatchObject([{ type: "assign", node: "c", frame: 1 }]);
});

test("all nodes leave and one returns: the job continues where it stopped", () => {
  const run = simulate({
    frames: 20,
    nodes: {
      a: { msPerFrame: seconds(1), dies: seconds(5) },
      b: { msPerFrame: seconds(1), dies: seconds(6), returns: minutes(60) },
    },
  });

  expect(run.outcome).toEqual({ type: "complete" });
  expect(run.finishedAt).toBeGreaterThan(minutes(60));
  expect(run.finishedAt).toBeLessThan(minutes(61));
});

test("a node that only lost its link keeps rendering, and what it finished meanwhile is used", () => {
  const a = { msPerFrame: seconds(30), unplugged: seconds(20), returns: seconds(40) };

  const run = simulate({ frames: 2, nodes: { a } });

  expect(run.renderedBy("a")).toEqual([1, 2]);
  expect(run.finishedAt).toBe(seconds(70));
});

test("a running attempt is adopted when its node comes back, even if another node has started the same frame", () => {
  const a = { msPerFrame: minutes(3), unplugged: minutes(1), returns: minutes(2) };
  const b = { msPerFrame: minutes(30), joins: minutes(1) + 1 };

  const run = simulate({ frames: 1, nodes: { a, b } });

  expect(run.finishedAt).toBe(minutes(3));
  expect(run.ordersOf("cancel")).toMatchObject([{ node: "b", frame: 1 }]);
});

test("adopting an attempt withdraws another one of its frame that only waits", () => {
  const drive = new Drive({ frames: [1, 2] });
  drive.join("a");
  drive.tell({ type: "attempt-started", node: "a", slot: 0, frame: 1, attempt: 1 });
  drive.tell({ type: "node-lost", node: "a" });
  expect(drive.join("b")).toMatchObject([{ type: "assign", node: "b", frame: 1, attempt: 3 }]);

  const running = [{ frame: 1, attempt: 1, slot: 0 }];
  const orders = drive.tell({ type: "node-joined", node: "a", running, held: [] });

  expect(orders).toContainEqual({ type: "withdraw", node: "b", frame: 1, attempt: 3 });
  // If it started anyway, it is cancelled.
  expect(drive.tell({ type: "attempt-started", node: "b", slot: 0, frame: 1, attempt: 3 })).toContainEqual({
    type: "cancel",
    node: "b",
    frame: 1,
    attempt: 3,
  });
});

test("a node that comes back with attempts of stored frames is ordered to cancel and delete them", () => {
  const drive = new Drive({ frames: [1, 2, 3], alreadyStored: new Set([1, 2]), firstAttempt: 10 });

  const orders = drive.tell({
    type: "node-joined",
    node: "a",
    running: [{ frame: 1, attempt: 4, slot: 0 }],
    held: [{ frame: 2, attempt: 5 }],
  });

  expect(orders).toEqual([
    { type: "release", node: "a", frame: 2, attempt: 5 },
    { type: "cancel", node: "a", frame: 1, attempt: 4 },
  ]);
});

test("a joined node that joins again has a new link: its previous attempts are requeued", () => {
  const drive = new Drive({ frames: [1, 2] });
  drive.join("a");

  const orders = drive.join("a");

  expect(orders).toMatchObject([
    { type: "announce", notice: { type: "frame-requeued", frame: 1 } },
    { type: "assign", frame: 1, attempt: 2 },
  ]);
});

test("an attempt waiting in a lost slot is requeued without blame", () => {
  const drive = new Drive({ frames: [1, 2] });
  drive.join("a");
  drive.tell({ type: "attempt-started", node: "a", slot: 0, frame: 1, attempt: 1 });
  drive.tell({ type: "attempt-failed", node: "a", frame: 1, attempt: 1, error: failure("CRASHED") });
  drive.tell({ type: "attempt-failed", node: "a", frame: 2, attempt: 2, error: failure("SLOT_LOST", "nobody") });
  drive.tell({ type: "slot-lost", node: "a", slot: 0 });

  expect(drive.statusOf(2)).toBe("queued");
  expect(drive.state.frames.get(2)?.history).toMatchObject([{ end: "lost" }]);
  expect(drive.state.nodes.get("a")?.failuresInARow).toEqual(["CRASHED"]);
});

test("a frame that takes down its node every time fails in the end", () => {
  const drive = new Drive({ frames: [1] });
  for (let loss = 1; loss <= 10; loss++) {
    drive.wait(minutes(10));
    const [assign] = drive.join("a");
    if (assign?.type !== "assign") throw new Error("Nothing was assigned");
    drive.tell({ ...assign, type: "attempt-started" });
    const orders = drive.tell({ type: "node-lost", node: "a" });
    if (loss < 10) expect(drive.statusOf(1)).toBe("queued");
    else expect(orders.at(-1)).toEqual({ type: "finish", outcome: { type: "failed", frames: [1] } });
  }
});

test("a node that keeps losing its link with waiting frames costs these frames nothing", () => {
  const drive = new Drive({ frames: [1] });
  for (let loss = 1; loss <= 200; loss++) {
    drive.join("a");
    drive.tell({ type: "node-lost", node: "a" });
  }

  expect(drive.statusOf(1)).toBe("queued");
});

test("a result that breaks its link at every fetch ends the job instead of being fetched for ever", () => {
  const drive = new Drive({ frames: [1] });
  drive.join("a");
  const ref = { node: "a", frame: 1, attempt: 1 };
  drive.tell({ type: "attempt-started", slot: 0, ...ref });
  let orders = drive.tell({ type: "attempt-rendered", seconds: 3, ...ref });
  let losses = 0;
  while (losses < 100 && orders.at(-1)?.type !== "finish") {
    losses += 1;
    orders = drive.tell({ type: "node-lost", node: "a" });
    if (orders.at(-1)?.type === "finish") break;
    orders = drive.tell({ type: "node-joined", node: "a", running: [], held: [{ frame: 1, attempt: 1 }] });
  }

  expect(losses).toBe(10);
  expect(orders.at(-1)).toEqual({ type: "finish", outcome: { type: "failed", frames: [1] } });
});

test("a long frame keeps rendering through any number of lost links", () => {
  const drive = new Drive({ frames: [1] });
  drive.join("a");
  const ref = { node: "a", frame: 1, attempt: 1 };
  drive.tell({ type: "attempt-started", slot: 0, ...ref });
  for (let losses = 0; losses < 50; losses += 1) {
    drive.tell({ type: "node-lost", node: "a" });
    drive.tell({ type: "node-joined", node: "a", running: [{ frame: 1, attempt: 1, slot: 0 }], held: [] });
    expect(drive.statusOf(1)).toBe("active");
  }
  expect(drive.tell({ type: "frame-stored", ...ref }).at(-1)).toMatchObject({ type: "finish" });
});
