import { expect, test } from "vitest";
import { progressOf } from "../../src/scheduler/progress.ts";
import { noIndices } from "../../src/scheduler/state/indices.ts";
import { checkInvariants } from "../../src/scheduler/state/invariants.ts";
import { createState, type SchedulerState } from "../../src/scheduler/state/state.ts";
import { step } from "../../src/scheduler/step.ts";
import { minutes, seconds, simulate } from "../support/simulation/simulate.ts";
import { Drive } from "../support/simulation/simulate-drive.ts";
import { failure } from "../support/simulation/simulate-node.ts";

function eventfulRun() {
  return simulate({
    frames: 30,
    nodes: {
      a: { msPerFrame: seconds(3), slots: 2, unplugged: seconds(10), returns: seconds(15) },
      b: { msPerFrame: seconds(5), fails: (frame) => (frame % 7 === 0 ? failure("CRASHED") : undefined) },
      c: { msPerFrame: seconds(30), joins: seconds(8), refuses: (frame) => frame === 9 },
    },
  });
}

test("a recorded run can be replayed: the same events give the same orders", () => {
  const run = eventfulRun();
  let state = createState(run.config);

  const orders = run.events.flatMap((event) => {
    const next = step(state, event);
    state = next.state;
    return next.instructions;
  });

  expect(orders).toEqual(run.instructions);
});

test("a step does not change the state that it was given", () => {
  const run = eventfulRun();
  const states: { state: SchedulerState; seen: unknown }[] = [];
  let state = createState(run.config);
  for (const event of run.events) {
    states.push({ state, seen: snapshot(state) });
    state = step(state, event).state;
  }

  for (const { state: former, seen } of states) expect(snapshot(former)).toEqual(seen);
});

function snapshot(state: SchedulerState): unknown {
  const { attempts, frames, indices, nodes, ...rest } = state;
  return structuredClone({
    ...rest,
    attempts: [...attempts],
    nodes: [...nodes.values()].map((node) => ({ ...node, slots: [...node.slots] })),
    indices: Object.entries(indices).map(([name, index]) => [
      name,
      [...("from" in index && !("keys" in index) ? index.from() : index.values())],
    ]),
    counts: frames.counts,
    records: [...frames.records()],
  });
}

test("the invariants notice a nonsensical state, and say what is wrong", () => {
  const drive = new Drive({ frames: [1, 2] });
  drive.join("a");
  const { state } = drive;
  const record = state.frames.get(1);
  if (!record) throw new Error("Frame 1 has no record");

  expect(() => checkInvariants({ ...state, frames: state.frames.with({ ...record, status: "queued" }) })).toThrow(
    "frame 1 is queued with 1 live attempts",
  );
  expect(() => checkInvariants({ ...state, attempts: state.attempts.without(1) })).toThrow(
    "attempt 1 of frame 1 is open",
  );
  expect(() => checkInvariants({ ...state, nodes: state.nodes.without("a") })).toThrow("has not joined");
  expect(() => checkInvariants({ ...state, indices: noIndices })).toThrow("index ready lacks a");
  expect(() => checkInvariants({ ...state, nextAttempt: 1 })).toThrow("numbered above the next one");
});

test("progress counts every frame once and says what each slot renders, and for how long", () => {
  const drive = new Drive({ frames: [1, 2, 3, 4], alreadyStored: new Set([4]) });
  drive.join("a");
  drive.tell({ type: "attempt-started", node: "a", slot: 0, frame: 1, attempt: 1 });

  const progress = progressOf(drive.state, seconds(7));

  expect(progress).toMatchObject({ total: 4, queued: 1, active: 2, stored: 1, failed: 0, isDraining: false });
  expect(progress.running).toEqual([{ node: "a", slot: 0, frame: 1, attempt: 1, runningMs: seconds(7) }]);
  expect(progress.nodes).toMatchObject([{ node: "a", isJoined: true, isBarred: false, readySlots: 1, stored: 0 }]);
  expect([progress.etaMs, progress.etaRangeMs]).toEqual([null, null]);
  expect(drive.state.frames.framesWith("stored")).toEqual([4]);
});

test("the range around the time left gets narrower with each frame, and is wide if frames differ", () => {
  const widthAfter = (times: readonly number[]) => {
    const drive = new Drive({ frames: Array.from({ length: 200 }, (_, index) => index + 1) });
    drive.join("a");
    for (const [index, time] of times.entries()) {
      const [frame, attempt] = [index + 1, index + 1];
      drive.tell({ type: "attempt-started", node: "a", slot: 0, frame, attempt });
      drive.wait(seconds(time)).tell({ type: "attempt-rendered", node: "a", frame, attempt, seconds: time });
      drive.tell({ type: "frame-stored", node: "a", frame, attempt });
    }
    const { etaMs, etaRangeMs } = progressOf(drive.state, seconds(times.reduce((sum, time) => sum + time, 0)));
    const [least = 0, most = 0] = etaRangeMs ?? [];
    expect(least).toBeLessThan(etaMs ?? 0);
    expect(most).toBeGreaterThan(etaMs ?? 0);
    return most / least;
  };
  const equal = Array.from({ length: 20 }, () => 10);
  const [one, three, twenty] = [1, 3, 20].map((count) => widthAfter(equal.slice(0, count)));
  expect(one).toBeGreaterThan(2);
  expect(three).toBeLessThan(one ?? 0);
  expect(twenty).toBeLessThan(three ?? 0);
  expect(twenty).toBeLessThan(1.3); // sure enough to be given as one time
  expect(widthAfter(equal.map((time, index) => time * (index % 2 === 0 ? 0.3 : 2)))).toBeGreaterThan(1.5);
});

test("the time left is the remaining frames over the rate of all slots, less what running ones have done", () => {
  const drive = new Drive({ frames: [1, 2, 3, 4, 5] });
  drive.join("a");
  drive.tell({ type: "attempt-started", node: "a", slot: 0, frame: 1, attempt: 1 });
  drive.wait(seconds(10)).tell({ type: "attempt-rendered", node: "a", frame: 1, attempt: 1, seconds: 10 });
  drive.tell({ type: "frame-stored", node: "a", frame: 1, attempt: 1 });
  drive.tell({ type: "attempt-started", node: "a", slot: 0, frame: 2, attempt: 2 });

  expect(progressOf(drive.state, seconds(10)).etaMs).toBe(seconds(40));
  expect(progressOf(drive.state, seconds(14)).etaMs).toBe(seconds(36));
  drive.join("b");
  expect(progressOf(drive.state, seconds(14)).etaMs).toBe(seconds(18));
  drive.tell({ type: "node-lost", node: "b" });
  drive.tell({ type: "node-lost", node: "a" });
  expect(progressOf(drive.state, minutes(1)).etaMs).toBeNull();
});
