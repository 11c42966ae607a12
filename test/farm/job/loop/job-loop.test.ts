import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "../../../../src/core/clock.ts";
import type { Frame } from "../../../../src/core/node.ts";
import type { FarmEvent } from "../../../../src/farm/events.ts";
import { BlankFrames } from "../../../../src/farm/job/blank-frames.ts";
import { DoubtedFrames } from "../../../../src/farm/job/doubted-frames.ts";
import { JobTotals } from "../../../../src/farm/job/job-totals.ts";
import { JobInputs } from "../../../../src/farm/job/loop/job-inputs.ts";
import { JobLoop } from "../../../../src/farm/job/loop/job-loop.ts";
import type { RunJournal } from "../../../../src/farm/job/loop/run-journal.ts";
import { NoNodeTimeout } from "../../../../src/farm/job/no-node-timeout.ts";
import { Samples } from "../../../../src/farm/job/samples.ts";
import { SpotChecks } from "../../../../src/farm/job/spot-checks.ts";
import type { FrameRecord } from "../../../../src/frames/frame-record.ts";
import type { FrameStore } from "../../../../src/frames/frame-store.ts";
import { createState } from "../../../../src/scheduler/state/state.ts";
import type { NodeReport } from "../../../../src/session/node-report.ts";
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
      parts: () => [{ write: async () => {} }],
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
  const totals = new JobTotals(tell, 0);
  const dropped: Frame[] = [];
  const nameOf = (node: string) => node;
  const doubted = new DoubtedFrames({
    ...{ tell, nameOf },
    recordOf: (frame) => store.recordOf(frame),
    drop: async (frames) => void dropped.push(...frames),
    setAside: async ({ frame }) => {
      store.records.delete(frame);
      return `/nowhere/refused/${frame}.png`;
    },
    onAside: ({ node, frame, seconds: took }, error) => {
      totals.discount(node.id, frame, took);
      loop.doubted(node.id, frame, error);
    },
    onBroken: (error) => inputs.push({ type: "broken", error }),
  });
  const checks = new SpotChecks({
    ...{ totals, tell, nameOf, doubted, folder: "/nowhere", ffmpeg: undefined },
    pathOf: (frame) => `/nowhere/${frame}.png`,
    signal: new AbortController().signal,
  });
  const samples = new Samples({ doubted, totals, nameOf, exclude: () => {}, framesOf: () => [] });
  const everyOne = everyFrame(frames);
  const blanks = new BlankFrames({ frames: everyOne, doubted, totals, accept: (frame) => accepted.push(frame) });
  const loop = new JobLoop({
    ...{ inputs, fleet, tell, clock, totals, checks, samples, doubted, checkPlan: { share: 0.03, seed: 7 } },
    state: createState({ frames: everyOne }),
    store: store as unknown as FrameStore,
    output: { encoded: () => 0, accept: (frame) => blanks.stored(frame) },
    journal: journal as unknown as RunJournal,
    earlierAttempts: new Map(),
    filesOf: () => null,
    noNodeTimeout: new NoNodeTimeout({ waitMs: undefined, fleet, clock }),
    overrides: null,
    exclusionOf: () => undefined,
    onJoined: () => {},
    signal: new AbortController().signal,
  });
  return { outcome: loop.run(), workers, store, events, accepted, dropped, inputs, totals };
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

const check = { slot: 0, frame: 6, attempt: 6 };

/** A job of eight frames on one node; its check of frame 6 begins, and all frames are stored meanwhile. */
async function runChecked() {
  const job = runJob(8, { attic: { msPerFrame: seconds(2) } });
  const ended: string[] = [];
  void job.outcome.then(({ type }) => ended.push(type));
  await vi.advanceTimersByTimeAsync(seconds(13));
  const attempt = job.store.records.size;
  expect(attempt).toBe(6);
  const report = (report: NodeReport) => job.inputs.push({ type: "report", node: "attic", report });
  report({ type: "check-started", ...check });
  await vi.advanceTimersByTimeAsync(seconds(10));
  expect(job.store.records.size).toBe(8);
  expect(ended).toEqual([]); // the check may still find that they are wrong
  return { ...job, ended, report };
}

test("a job asks its nodes for checks, and does not end before they do", async () => {
  const { report, ended, workers, events } = await runChecked();
  expect(workers.map(({ plan }) => plan)).toEqual([[0.03, 7]]);
  report({ type: "check-done", ...check, outcome: "equal", others: [] });
  await vi.advanceTimersByTimeAsync(seconds(2));
  expect(ended).toEqual(["complete"]);
  expect(events.filter(({ type }) => type === "frame:checked")).toMatchObject([{ frame: 6, outcome: "equal" }]);
});

test("what a slot has rendered since its last good check is rendered again if a check finds a difference", async () => {
  const { report, ended, workers, events, dropped, accepted, totals } = await runChecked();
  const others = [4, 5].map((frame) => ({ frame, attempt: frame }));
  report({ type: "check-done", ...check, outcome: "different", others });
  await vi.advanceTimersByTimeAsync(seconds(1));
  expect(ended).toEqual([]);
  await vi.advanceTimersByTimeAsync(seconds(20));
  expect(ended).toEqual(["complete"]);
  expect(dropped).toEqual([6, 4, 5]);
  expect(workers[0]?.node.rendered).toEqual([...everyFrame(8), 6, 4, 5]);
  expect(accepted.slice(8)).toEqual([6, 4, 5]);
  expect(totals.stored).toBe(8);
  expect(events.filter(({ type }) => type === "frames:doubted")).toMatchObject([{ name: "attic", range: "4-6" }]);
  expect(totals.warnings).toMatchObject([expect.stringContaining("rendered frame 6 differently from a new process")]);
});

test("a result on its way is not used either if its slot is found to render wrongly", async () => {
  const { inputs, outcome, store, workers } = runJob(4, { attic: { msPerFrame: seconds(2), fetchMs: () => 5_000 } });
  await vi.advanceTimersByTimeAsync(seconds(5));
  expect(store.records.size).toBe(0); // two are rendered, and on their way
  const report = (report: NodeReport) => inputs.push({ type: "report", node: "attic", report });
  const doubted = { slot: 0, frame: 2, attempt: 2 };
  report({ type: "check-started", ...doubted });
  report({ type: "check-done", ...doubted, outcome: "different", others: [{ frame: 1, attempt: 1 }] });
  await vi.advanceTimersByTimeAsync(minutes(2));
  expect(await outcome).toEqual({ type: "complete" });
  expect(workers[0]?.node.rendered.toSorted()).toEqual([1, 1, 2, 2, 3, 4]);
});

test("a node that is lost takes its checks with it", async () => {
  const { inputs, ended } = await runChecked();
  inputs.push({ type: "lost", node: "attic" });
  await vi.advanceTimersByTimeAsync(seconds(2));
  expect(ended).toEqual(["complete"]);
});
