import { expect, test } from "vitest";
import { framesOfRange } from "../../src/core/frame-range.ts";
import type { AttemptRef, InstructionBody } from "../../src/scheduler/events.ts";
import { minutes, seconds, simulate } from "../support/simulation/simulate.ts";
import { Drive } from "../support/simulation/simulate-drive.ts";
import { failure } from "../support/simulation/simulate-node.ts";

const slotLost = failure("SLOT_LOST", "nobody");

function assigned(orders: readonly InstructionBody[]): AttemptRef & { readonly node: string; readonly slot: number } {
  const order = orders.find(({ type }) => type === "assign");
  if (order?.type !== "assign") throw new Error("Nothing was assigned");
  const { node, slot, frame, attempt } = order;
  return { node, slot, frame, attempt };
}

function attemptsOf({ state }: Drive, frame: number) {
  return state.frames.get(frame)?.history ?? [];
}

test("frames that crash every slot fail, but none of those that only waited beside them", () => {
  const crashing = {
    msPerFrame: 500,
    latencyMs: () => 5,
    slotStartMs: 50,
    fails: (frame: number) => (frame <= 12 ? failure("CRASHED") : undefined),
  };

  const run = simulate({ frames: 20, nodes: { north: crashing, south: crashing } });

  expect(run.outcome).toEqual({ type: "failed", frames: framesOfRange(1, 12, 1) });
  for (const { errors } of run.noticesOf("frame-failed"))
    expect(errors.map(({ code }) => code)).toEqual(["CRASHED", "CRASHED"]);
});

test("a frame that waits behind any number of crashes does not count as a failure, for itself or its node", () => {
  const drive = new Drive({ frames: [1, 2], policy: { failuresThatFailAFrame: 100 } });
  let orders = drive.join("a");
  for (let crash = 1; crash <= 30; crash++) {
    const ref = assigned(orders);
    expect(ref.frame).toBe(1);
    drive.tell({ type: "attempt-started", ...ref });
    drive.tell({ type: "attempt-failed", ...ref, error: failure("CRASHED") });
    drive.tell({ type: "slot-lost", node: "a", slot: 0 });
    orders = drive.tell({ type: "slot-ready", node: "a", slot: 0 });
  }

  const ends = attemptsOf(drive, 2).map(({ end, hasStarted }) => ({ end, hasStarted }));
  expect(ends).toEqual(Array(30).fill({ end: "lost", hasStarted: false }));
  expect(drive.state.nodes.get("a")?.blamelessInARow).toBe(0);
});

test.each(["CRASHED", "KILLED", "CANCELLED", "RENDER_FAILED", "NO_DENOISER", "NO_OUTPUT", "READ_FAILED"])(
  "a slot in which an attempt ended with %s gets nothing until it is ready again",
  (code) => {
    const drive = new Drive({ frames: [1, 2, 3] });
    const ref = assigned(drive.join("a"));
    const second = assigned(drive.tell({ type: "attempt-started", ...ref }));
    const error = failure(code, code === "CANCELLED" ? "nobody" : "node");

    expect(drive.tell({ type: "attempt-failed", ...ref, error }).map(({ type }) => type)).not.toContain("assign");
    // What waited there ended with it; the report of the node about it changes nothing.
    expect(drive.statusOf(second.frame)).toBe("queued");
    expect(drive.tell({ type: "attempt-failed", ...second, error: slotLost })).toEqual([]);
    expect(drive.tell({ type: "slot-lost", node: "a", slot: 0 })).toEqual([]);
    expect(drive.tell({ type: "slot-ready", node: "a", slot: 0 })).toMatchObject([{ type: "assign", frame: 1 }]);
  },
);

test("an attempt that was on its way when its slot ended is adopted when the restarted slot starts it", () => {
  const drive = new Drive({ frames: [1, 2] });
  const ref = assigned(drive.join("a"));
  drive.tell({ type: "slot-lost", node: "a", slot: 0 });
  const again = assigned(drive.tell({ type: "slot-ready", node: "a", slot: 0 }));
  expect(again).toMatchObject({ frame: 1, attempt: 2 });

  const orders = drive.tell({ type: "attempt-started", ...ref });

  // The second attempt at the frame waits behind the first, and is no longer needed.
  expect(orders).toContainEqual({ type: "withdraw", node: "a", frame: 1, attempt: 2 });
  expect(drive.state.attempts.get(1)).toMatchObject({ status: "running", recall: "none" });
  // Now a crash counts against the frame that crashed.
  drive.tell({ type: "attempt-failed", ...ref, error: failure("CRASHED") });
  expect(attemptsOf(drive, 1).filter(({ end }) => end === "failed")).toMatchObject([{ attempt: 1 }]);
});

test("an attempt that starts after its frame was stored from another node is cancelled", () => {
  const drive = new Drive({ frames: [1, 2] });
  const ref = assigned(drive.join("a"));
  drive.tell({ type: "slot-lost", node: "a", slot: 0 });
  const other = assigned(drive.join("b"));
  drive.tell({ type: "attempt-rendered", ...other, seconds: 1 });
  drive.tell({ type: "frame-stored", ...other });
  drive.tell({ type: "slot-ready", node: "a", slot: 0 });

  expect(drive.tell({ type: "attempt-started", ...ref })).toContainEqual({
    type: "cancel",
    node: "a",
    frame: 1,
    attempt: ref.attempt,
  });
});

test.each([
  ["says that every slot is full", "SLOT_FULL"],
  ["says that the slot of every frame had ended", "SLOT_LOST"],
])("a node that %s is excluded after ten frames, and no frame fails because of it", (_, code) => {
  const drive = new Drive({ frames: [1, 2] });
  let orders = drive.join("a");
  let answers = 0;
  for (; answers < 100 && orders.some(({ type }) => type === "assign"); answers++) {
    orders = drive.tell({ ...assigned(orders), type: "attempt-failed", error: failure(code, "nobody") });
    if (answers < 9) orders.push(...drive.tell({ type: "slot-ready", node: "a", slot: 0 }));
  }

  expect(answers).toBe(10);
  const reason = "it gave back 10 frames in a row without starting them";
  expect(orders).toContainEqual({ type: "announce", notice: { type: "node-excluded", node: "a", reason } });
  expect([drive.statusOf(1), drive.statusOf(2)]).toEqual(["queued", "queued"]);
  expect(drive.tell({ type: "slot-ready", node: "a", slot: 0 })).toEqual([]);
  // After a new link it may work again.
  expect(drive.join("a")).toMatchObject([{ type: "assign" }]);
});

test("a slot that starts a frame now and then may give back others in between", () => {
  const drive = new Drive({ frames: [1], policy: { failuresThatFailAFrame: 100 } });
  let orders = drive.join("a");
  for (let turn = 1; turn <= 5; turn++) {
    for (let answers = 1; answers <= 9; answers++) {
      orders = drive.tell({ type: "attempt-withdrawn", ...assigned(orders) });
    }
    const ref = assigned(orders);
    drive.tell({ type: "attempt-started", ...ref });
    drive.tell({ type: "attempt-failed", ...ref, error: failure("NO_OUTPUT") });
    orders = drive.tell({ type: "slot-ready", node: "a", slot: 0 });
  }
  expect(orders).toContainEqual(expect.objectContaining({ type: "assign" }));
});

test("a slot that starts nothing for ten minutes is excluded, and so is its node when it has no other slot", () => {
  const drive = new Drive({ frames: [1] });
  drive.join("a");

  const orders = drive.wait(minutes(10) + 1).tell({ type: "tick" });

  expect(orders).toContainEqual({ type: "withdraw", node: "a", frame: 1, attempt: 1 });
  const reason = "it did not start a frame for 600 s";
  expect(orders).toContainEqual({ type: "announce", notice: { type: "node-excluded", node: "a", reason } });
  expect(drive.statusOf(1)).toBe("queued");
});

test("a slot whose frame waits for its files is not taken for a hanging one, as long as they are on their way", () => {
  const drive = new Drive({ frames: [1] });
  drive.join("a");
  const waiting = { node: "a", frame: 1, attempt: 1 };
  for (let passed = 0; passed < 30; passed += 5) drive.wait(minutes(5)).tell({ type: "attempt-delayed", ...waiting });
  expect(drive.tell({ type: "tick" })).toEqual([]);

  const orders = drive.wait(minutes(10) + 1).tell({ type: "tick" });
  expect(orders).toContainEqual({ type: "withdraw", ...waiting });
  // It is recalled: a delay does not change that, nor for an attempt that does not exist.
  drive.tell({ type: "attempt-delayed", ...waiting });
  drive.tell({ type: "attempt-delayed", node: "b", frame: 1, attempt: 7 });
  expect(drive.statusOf(1)).toBe("queued");
});

test("a node with one hanging slot continues with the others", () => {
  const drive = new Drive({ frames: [1, 2, 3] });
  const orders = drive.join("a", 2);
  expect(orders).toMatchObject([
    { slot: 0, frame: 1 },
    { slot: 1, frame: 2 },
  ]);
  const second = { node: "a", slot: 1, frame: 2, attempt: 2 };
  drive.tell({ type: "attempt-started", ...second });
  drive.wait(minutes(9)).tell({ type: "attempt-progressed", ...second });

  const told = drive.wait(minutes(2)).tell({ type: "tick" });

  expect(told.map(({ type }) => type)).toEqual(["withdraw", "announce"]);
  expect(told[1]).toMatchObject({ notice: { type: "frame-requeued", frame: 1 } });
  drive.tell({ type: "attempt-started", node: "a", slot: 1, frame: 3, attempt: 3 });
  expect(drive.tell({ type: "slot-ready", node: "a", slot: 0 })).toEqual([]);
  expect(drive.state.attempts.get(4)).toMatchObject({ frame: 1, slot: 1 });
});

test("a withdrawn frame waits a minute for the answer, and no longer", () => {
  const drive = new Drive({ frames: [1, 2] });
  const first = assigned(drive.join("mute"));
  drive.tell({ type: "attempt-started", ...first });
  expect(drive.join("b")).toContainEqual({ type: "withdraw", node: "mute", frame: 2, attempt: 2 });

  expect(drive.wait(minutes(1)).tell({ type: "tick" })).toEqual([]);
  expect(drive.wait(1).tell({ type: "tick" })).toContainEqual({
    ...{ type: "assign", node: "b", slot: 0, frame: 2, attempt: 3 },
  });
});

test("a slot that does not end a cancelled attempt is excluded after ten minutes", () => {
  const drive = new Drive({ frames: [1] });
  const ref = assigned(drive.join("hung"));
  drive.tell({ type: "attempt-started", ...ref });
  expect(drive.wait(minutes(10) + 1).tell({ type: "tick" })).toMatchObject([{ type: "cancel" }, { type: "announce" }]);

  // Progress is not an answer.
  drive.tell({ type: "attempt-progressed", node: "hung", frame: 1, attempt: 1 });
  expect(drive.wait(minutes(10)).tell({ type: "tick" })).toEqual([]);
  const reason = "it did not stop a frame within 600 s";
  expect(drive.wait(1).tell({ type: "tick" })).toEqual([
    { type: "announce", notice: { type: "node-excluded", node: "hung", reason } },
  ]);
});

test("a frame that one node loses again and again waits for another node, however long that is busy", () => {
  const drive = new Drive({ frames: [1, 2] });
  const busy = assigned(drive.join("busy"));
  drive.tell({ type: "attempt-started", ...busy });
  const given: number[] = [];
  for (let loss = 1; loss <= 30; loss++) {
    drive.wait(seconds(1));
    for (const order of drive.join("flaky")) {
      if (order.type === "withdraw") drive.tell({ ...order, type: "attempt-withdrawn" });
    }
    for (const { node, status, ...ref } of [...drive.state.attempts.values()]) {
      if (node !== "flaky" || status !== "assigned") continue;
      given.push(ref.frame);
      drive.tell({ type: "attempt-started", node, slot: 0, frame: ref.frame, attempt: ref.attempt });
    }
    drive.tell({ type: "node-lost", node: "flaky" });
  }

  expect(given.filter((frame) => frame === 2)).toHaveLength(3);
  expect(drive.statusOf(2)).not.toBe("failed");
});
