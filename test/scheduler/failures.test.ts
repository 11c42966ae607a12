import { expect, test } from "vitest";
import { minutes, type SimulatedRun, seconds, simulate } from "../support/simulation/simulate.ts";
import { Drive } from "../support/simulation/simulate-drive.ts";
import { failure } from "../support/simulation/simulate-node.ts";

const healthy = { msPerFrame: seconds(10) };

/** Failures that a node is blamed for, without the ends that the scheduler itself ordered. */
function blamed(run: SimulatedRun) {
  return run.eventsOf("attempt-failed").filter(({ error }) => error.fault !== "nobody");
}

test("a frame that fails once is tried on another node and stored", () => {
  const fails = (frame: number) => (frame === 3 ? failure("NO_OUTPUT") : undefined);

  const run = simulate({ frames: 10, nodes: { a: { ...healthy, fails }, b: healthy } });

  expect(run.outcome).toEqual({ type: "complete" });
  expect(run.renderedBy("b")).toContain(3);
  expect(run.noticesOf("frame-requeued")).toMatchObject([
    { frame: 3, node: "a", code: "NO_OUTPUT", reason: "simulated NO_OUTPUT" },
    { frame: 5, node: "a", reason: "its slot ended" }, // it was waiting there
  ]);
});

test("a frame waits for a node on which it has not failed yet, even when the other one is idle", () => {
  const fails = (frame: number) => (frame === 1 ? failure("NO_OUTPUT") : undefined);
  const a = { msPerFrame: seconds(1), fails };
  const b = { msPerFrame: seconds(30) };

  const run = simulate({ frames: 2, nodes: { a, b } });

  expect(run.eventsOf("attempt-failed")).toHaveLength(1);
  expect(run.renderedBy("b")).toContain(1);
});

test("the same error on two nodes is the scene's fault: one report, and each frame fails after two attempts", () => {
  const fails = () => failure("NO_CAMERA");

  const run = simulate({ frames: 5, nodes: { a: { ...healthy, fails }, b: { ...healthy, fails }, c: healthy } });

  const [notice] = run.noticesOf("scene-at-fault");
  expect(run.noticesOf("scene-at-fault")).toHaveLength(1);
  expect(notice?.error.code).toBe("NO_CAMERA");
  expect([...(notice?.nodes ?? [])].sort()).toEqual(["a", "b"]);
  for (const { errors } of run.noticesOf("frame-failed")) expect(errors).toHaveLength(2);
});

test("a scene without a camera fails every frame on two nodes, and bars no node for it", () => {
  const fails = () => failure("NO_CAMERA");

  const run = simulate({ frames: 10, nodes: { a: { ...healthy, fails }, b: { ...healthy, fails } } });

  expect(run.outcome).toEqual({ type: "failed", frames: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] });
  expect(run.noticesOf("frame-failed").map(({ errors }) => errors.length)).toEqual(Array(10).fill(2));
  for (const { barredAt } of run.state.nodes.values()) expect(barredAt).toBeNull();
});

test("an error of a node's hardware is never the scene's fault: the frame is tried until a node can render it", () => {
  const fails = () => failure("NO_DENOISER", "node");
  const poor = { msPerFrame: seconds(1), fails };

  const run = simulate({ frames: 4, nodes: { a: poor, b: poor, c: poor, d: healthy } });

  expect(run.outcome).toEqual({ type: "complete" });
  expect(run.renderedBy("d")).toHaveLength(4);
  expect(run.noticesOf("scene-at-fault")).toEqual([]);
});

test("a frame that fails differently on three nodes has failed, and a fourth node is not tried", () => {
  const drive = new Drive({ frames: [1] });
  let orders = drive.join("a");
  for (const node of ["b", "c", "d"]) drive.join(node);
  const asked: string[] = [];
  for (const code of ["NO_OUTPUT", "CRASHED", "RENDER_FAILED"]) {
    const assign = orders.find(({ type }) => type === "assign");
    if (assign?.type !== "assign") throw new Error("Nothing was assigned");
    asked.push(assign.node);
    orders = drive.tell({ ...assign, type: "attempt-failed", error: failure(code) });
  }

  expect(asked).toEqual(["a", "b", "c"]);
  expect(orders.at(-2)).toMatchObject({ type: "announce", notice: { type: "frame-failed", errors: [{}, {}, {}] } });
  expect(orders.at(-1)).toEqual({ type: "finish", outcome: { type: "failed", frames: [1] } });
});

test("a single node that keeps failing one frame renders all others, and tries that one three times", () => {
  const fails = (frame: number) => (frame === 4 ? failure("RENDER_FAILED") : undefined);

  const run = simulate({ frames: 10, nodes: { alone: { ...healthy, fails } } });

  expect(run.outcome).toEqual({ type: "failed", frames: [4] });
  expect(run.stored).toHaveLength(9);
  expect(blamed(run)).toHaveLength(3);
});

test("three failures in a row bar a node, with a reason, and the others finish the job", () => {
  const bad = { msPerFrame: seconds(1), fails: () => failure("GPU_FAILED", "node") };

  const run = simulate({ frames: 20, nodes: { bad, good: healthy } });

  expect(run.outcome).toEqual({ type: "complete" });
  expect(run.noticesOf("node-barred")).toEqual([
    { type: "node-barred", node: "bad", reason: "3 failures in a row: simulated GPU_FAILED" },
  ]);
  expect(blamed(run)).toHaveLength(3);
});

test("a barred node's other attempts are withdrawn, and their frames go to other nodes", () => {
  const drive = new Drive({ frames: [1, 2, 3, 4, 5, 6, 7, 8], policy: { failuresThatBarANode: 1 } });
  drive.join("good");
  drive.join("bad", 2);
  const onBad = () => [...drive.state.attempts.values()].filter(({ node }) => node === "bad");
  for (const { frame, attempt, slot } of onBad()) {
    drive.tell({ type: "attempt-started", node: "bad", slot: slot ?? 0, frame, attempt });
  }
  const [first, second, third] = onBad();
  if (!first || !second || !third) throw new Error("The node should hold four attempts");

  const error = failure("GPU_FAILED", "node");
  const orders = drive.tell({ type: "attempt-failed", node: "bad", frame: first.frame, attempt: first.attempt, error });

  expect(orders).toContainEqual({ type: "cancel", node: "bad", frame: second.frame, attempt: second.attempt });
  expect(orders).toContainEqual({ type: "withdraw", node: "bad", frame: third.frame, attempt: third.attempt });
  expect(drive.statusOf(second.frame)).toBe("queued");
  drive.tell({ type: "attempt-withdrawn", node: "bad", frame: third.frame, attempt: third.attempt });
  expect(drive.statusOf(third.frame)).toBe("queued");
});

test("a barred node is forgiven after ten minutes if another finishes frames, and barred again after one failure", () => {
  const bad = { msPerFrame: seconds(1), fails: () => failure("GPU_FAILED", "node") };

  const run = simulate({ frames: 120, nodes: { bad, good: healthy } });

  expect(run.finishedAt).toBe(minutes(20));
  expect(run.noticesOf("node-forgiven")).toHaveLength(1);
  expect(run.noticesOf("node-barred")).toHaveLength(2);
  expect(blamed(run)).toHaveLength(4);
});

test("a node that was barred for a passing problem takes part again after ten minutes", () => {
  const recovering = {
    msPerFrame: seconds(10),
    fails: (() => {
      let calls = 0;
      return () => (++calls <= 3 ? failure("GPU_FAILED", "node") : undefined);
    })(),
  };

  const run = simulate({ frames: 120, nodes: { recovering, good: healthy } });

  expect(run.outcome).toEqual({ type: "complete" });
  expect(run.renderedBy("recovering").length).toBeGreaterThan(20);
});

test("no barred node is forgiven while no other node finishes frames", () => {
  const bad = { msPerFrame: seconds(1), fails: () => failure("GPU_FAILED", "node") };

  const run = simulate({ frames: 4, nodes: { bad, slow: { msPerFrame: minutes(30) } } });

  expect(run.outcome).toEqual({ type: "complete" });
  // The first frame of the other node is stored after 30 minutes: only then is it proof that the job can be rendered.
  expect(run.instructions.find(({ type }) => type === "release")).toBeDefined();
  for (const order of run.instructions) {
    const isForgiven = order.type === "announce" && order.notice.type === "node-forgiven";
    if (isForgiven) expect(run.events[order.cause - 1]?.at).toBeGreaterThanOrEqual(minutes(30));
  }
});

test("the last usable node is never barred", () => {
  const run = simulate({ frames: 6, nodes: { alone: { ...healthy, fails: () => failure("GPU_FAILED", "node") } } });

  expect(run.noticesOf("node-barred")).toEqual([]);
  expect(run.outcome.type).toBe("failed");
});

test("a barred node is forgiven when all others have been gone for two minutes", () => {
  const recovering = {
    msPerFrame: seconds(5),
    fails: (() => {
      let calls = 0;
      return () => (++calls <= 3 ? failure("GPU_FAILED", "node") : undefined);
    })(),
  };

  const run = simulate({ frames: 20, nodes: { recovering, good: { ...healthy, dies: seconds(60) } } });

  expect(run.outcome).toEqual({ type: "complete" });
  const forgiven = run.instructions.find((order) => order.type === "announce" && order.notice.type === "node-forgiven");
  expect(run.events[(forgiven?.cause ?? 0) - 1]?.at).toBe(minutes(3));
});

test("a link that breaks for seconds does not leave the job to a node that fails every frame", () => {
  const bad = { msPerFrame: 100, fails: () => failure("GPU_FAILED", "node") };
  const good = { msPerFrame: seconds(2), unplugged: seconds(5), returns: seconds(25) };

  const run = simulate({ frames: 30, nodes: { bad, good } });

  expect(run.outcome).toEqual({ type: "complete" });
  expect(run.noticesOf("frame-failed")).toEqual([]);
});

test("an attempt without progress is ended after ten minutes and rendered by another node", () => {
  const frozen = { msPerFrame: seconds(10), freezes: (frame: number) => frame === 1 };

  const run = simulate({ frames: 4, nodes: { frozen, other: { ...healthy, joins: seconds(5) } }, policy: noRaces });

  expect(run.outcome).toEqual({ type: "complete" });
  expect(run.ordersOf("cancel")).toMatchObject([{ node: "frozen", frame: 1 }]);
  expect(run.renderedBy("other")).toContain(1);
  expect(run.finishedAt).toBe(seconds(601) + seconds(10));
  // The node's answer to the cancel does not count as a second failure.
  expect(run.state.nodes.get("frozen")?.failuresInARow).toEqual(["TIMED_OUT"]);
});

const noRaces = { liveAttemptsPerFrame: 1 };

test("a long frame that shows progress is never cancelled", () => {
  const run = simulate({ frames: 2, nodes: { a: { msPerFrame: minutes(300) } } });

  expect(run.outcome).toEqual({ type: "complete" });
  expect(run.ordersOf("cancel")).toEqual([]);
});

test("with long frames, the timeout is ten times their median", () => {
  const drive = new Drive({ frames: [1, 2] });
  drive.join("a");
  drive.tell({ type: "attempt-started", node: "a", slot: 0, frame: 1, attempt: 1 });
  drive.wait(minutes(10)).tell({ type: "attempt-rendered", node: "a", frame: 1, attempt: 1, seconds: 600 });
  drive.tell({ type: "frame-stored", node: "a", frame: 1, attempt: 1 });
  drive.tell({ type: "attempt-started", node: "a", slot: 0, frame: 2, attempt: 2 });

  expect(drive.wait(minutes(100)).tell({ type: "tick" })).toEqual([]);
  expect(drive.wait(1).tell({ type: "tick" })).toContainEqual({ type: "cancel", node: "a", frame: 2, attempt: 2 });
});

test("a node that claims to have rendered for years does not get a longer timeout", () => {
  const drive = new Drive({ frames: [1, 2] });
  drive.join("a");
  drive.tell({ type: "attempt-started", node: "a", slot: 0, frame: 1, attempt: 1 });
  drive.wait(seconds(5)).tell({ type: "attempt-rendered", node: "a", frame: 1, attempt: 1, seconds: 1e9 });
  drive.tell({ type: "frame-stored", node: "a", frame: 1, attempt: 1 });
  drive.tell({ type: "attempt-started", node: "a", slot: 0, frame: 2, attempt: 2 });

  expect(drive.state.frameMs.median).toBe(seconds(5));
  const orders = drive.wait(minutes(10) + 1).tell({ type: "tick" });
  expect(orders).toContainEqual({ type: "cancel", node: "a", frame: 2, attempt: 2 });
});

test("an attempt that was cancelled for silence and then renders is still used", () => {
  const drive = new Drive({ frames: [1] });
  drive.join("a");
  const ref = { node: "a", frame: 1, attempt: 1 };
  drive.tell({ type: "attempt-started", slot: 0, ...ref });
  drive.wait(minutes(11)).tell({ type: "tick" });

  expect(drive.tell({ type: "attempt-rendered", seconds: 660, ...ref })).toContainEqual({ type: "fetch", ...ref });
  expect(drive.tell({ type: "frame-stored", ...ref }).at(-1)).toMatchObject({ outcome: { type: "complete" } });
});
