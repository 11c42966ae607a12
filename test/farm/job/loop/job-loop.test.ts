import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "../../../../src/core/clock.ts";
import type { Frame } from "../../../../src/core/node.ts";
import type { FarmEvent } from "../../../../src/farm/events.ts";
import { JobTotals } from "../../../../src/farm/job/job-totals.ts";
import { JobInputs } from "../../../../src/farm/job/loop/job-inputs.ts";
import { JobLoop } from "../../../../src/farm/job/loop/job-loop.ts";
import type { RunJournal } from "../../../../src/farm/job/loop/run-journal.ts";
import { NoNodeTimeout } from "../../../../src/farm/job/no-node-timeout.ts";
import type { FrameRecord } from "../../../../src/frames/frame-record.ts";
import type { FrameStore } from "../../../../src/frames/frame-store.ts";
import { createState } from "../../../../src/scheduler/state/state.ts";
import { minutes, seconds } from "../../../support/simulation/simulate.ts";
import { failure, type NodeBehaviour } from "../../../support/simulation/simulate-node.ts";
import { SimulatedWorker } from "../../../support/simulation/simulated-worker.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Keeps records only. */
class StoreInMemory {
  readonly records = new Map<Frame, FrameRecord>();

  has(frame: Frame): boolean {
    return this.records.has(frame);
  }

  recordOf(frame: Frame): FrameRecord | undefined {
    return this.records.get(frame);
  }

  async receive(record: FrameRecord) {
    return {
      write: async () => {},
      commit: async () => void (this.has(record.frame) || this.records.set(record.frame, record)),
      [Symbol.asyncDispose]: async () => {},
    };
  }
}

/** A job's loop on simulated workers: no socket, no disk, and no time that is not virtual. */
function runJob(frames: number, nodes: Readonly<Record<string, NodeBehaviour>>) {
  const inputs = new JobInputs();
  const workers = Object.entries(nodes).map(
    ([id, behaviour]) => new SimulatedWorker(id, behaviour, (input) => inputs.push(input)),
  );
  const store = new StoreInMemory();
  const events: FarmEvent[] = [];
  const accepted: Frame[] = [];
  const tell = (event: FarmEvent) => events.push(event);
  const clock = { ...systemClock, monotonicMs: () => performance.now() };
  const fleet = {
    isAlive: true,
    isClaimed: true,
    loadError: undefined,
    nameOf: (node: string) => node,
    exclude: () => {},
  };
  const journal = { isWorthTelling: () => true, record: () => {}, rendered: () => {}, end: () => {} };
  const loop = new JobLoop({
    ...{ inputs, fleet, tell, clock },
    state: createState({ frames: Array.from({ length: frames }, (_, index) => index + 1) }),
    store: store as unknown as FrameStore,
    output: { encoded: 0, accept: (frame) => accepted.push(frame) },
    totals: new JobTotals(tell, 0),
    journal: journal as unknown as RunJournal,
    earlierAttempts: new Map(),
    filesOf: () => null,
    noNodeTimeout: new NoNodeTimeout({ waitMs: undefined, fleet, clock }),
    exclusionOf: () => undefined,
    signal: new AbortController().signal,
  });
  return { outcome: loop.run(), workers, store, events, accepted };
}

const everyFrame = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

test("a job's loop works with any worker: a farm without bytes renders every frame, and each is accepted once", async () => {
  const { outcome, workers, accepted, events } = runJob(60, {
    fast: { msPerFrame: seconds(2), slots: 2, latencyMs: () => 15, fetchMs: () => 40 },
    slow: { msPerFrame: seconds(11), latencyMs: () => 80 },
  });

  await vi.advanceTimersByTimeAsync(minutes(5));

  expect(await outcome).toEqual({ type: "complete" });
  expect(accepted.toSorted((one, other) => one - other)).toEqual(everyFrame(60));
  expect(workers.every(({ fetched }) => fetched.length > 0)).toBe(true);
  expect(events.filter(({ type }) => type === "frame:stored")).toHaveLength(60);
});

test("workers that vanish, come back, crash or fail now and then lose no frame and render none for the output twice", async () => {
  const { outcome, accepted, store } = runJob(80, {
    cut: { msPerFrame: seconds(3), slots: 2, unplugged: seconds(20), returns: seconds(50), latencyMs: () => 30 },
    dead: { msPerFrame: seconds(2), slots: 2, dies: seconds(15) },
    shaky: {
      msPerFrame: seconds(4),
      slotStartMs: seconds(1),
      fails: (frame, attemptsHere) => (frame % 10 === 0 && attemptsHere === 1 ? failure("CRASHED") : undefined),
    },
  });

  await vi.advanceTimersByTimeAsync(minutes(20));

  expect(await outcome).toEqual({ type: "complete" });
  expect(accepted.toSorted((one, other) => one - other)).toEqual(everyFrame(80));
  expect([...store.records.keys()].toSorted((one, other) => one - other)).toEqual(everyFrame(80));
});
