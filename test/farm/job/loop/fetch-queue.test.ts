import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { FarmError } from "../../../../src/core/errors.ts";
import { FetchQueue } from "../../../../src/farm/job/loop/fetch-queue.ts";
import type { Worker } from "../../../../src/farm/worker.ts";
import type { FrameStore } from "../../../../src/frames/frame-store.ts";
import type { EventBody } from "../../../../src/scheduler/events.ts";
import type { FrameResult } from "../../../../src/session/protocol.ts";

const node = "a".repeat(32);

function resultOf(frame: number): FrameResult {
  const format = { width: 32, height: 24, depth: 8, colorMode: "RGB" } as const;
  return { frame, attempt: frame, slot: 0, sha256: "1".repeat(64), sizeBytes: 9, ...format, seconds: 1, device: "CPU" };
}

/** A worker whose fetches end when the test says so, in the order in which they were started. */
class SlowWorker implements Worker {
  readonly info: Worker["info"];
  readonly fetched: number[] = [];
  readonly #ends: ((error?: FarmError) => void)[] = [];

  constructor(id = node) {
    this.info = { node: id, name: "a", blender: "3.4.1", software: "0.1.0" };
  }

  async assign(): Promise<void> {}
  async withdraw(): Promise<void> {}
  async cancel(): Promise<void> {}
  async release(): Promise<void> {}
  async check(): Promise<void> {}
  async checkOrder(): Promise<[]> {
    return [];
  }
  async bake(): Promise<{ why: string }> {
    return { why: "it is slow" };
  }

  async mix(): Promise<{ why: string }> {
    return { why: "it is slow" };
  }
  async fetchBlob(): Promise<string> {
    return "it is slow";
  }

  fetch({ frame }: FrameResult): Promise<undefined> {
    this.fetched.push(frame);
    return new Promise((resolve, reject) => {
      this.#ends.push((error) => (error ? reject(error) : resolve(undefined)));
    });
  }

  /** Ends the oldest fetch that runs. */
  async end(error?: FarmError): Promise<void> {
    this.#ends.shift()?.(error);
    await setImmediate();
  }
}

function storeThat(commit: () => Promise<boolean>): FrameStore {
  const receive = async () => ({
    parts: () => [{ write: async () => {} }],
    commit,
    [Symbol.asyncDispose]: async () => {},
  });
  return { has: () => false, receive } as unknown as FrameStore;
}

/** @returns A fetch queue, the results of its fetches in `events`, and their progress in `steps` */
function openQueue(store = storeThat(async () => true)) {
  const events: EventBody[] = [];
  const steps: EventBody[] = [];
  const broken: unknown[] = [];
  const fetchQueue = new FetchQueue({
    ...{ store, attemptsAt: () => 1, filesOf: () => null, signal: new AbortController().signal },
    onEvent: (event) =>
      (event.type === "fetch-started" || event.type === "result-arrived" ? steps : events).push(event),
    onBroken: (error) => broken.push(error),
  });
  return { fetchQueue, events, steps, broken };
}

const about = (frame: number) => ({ node, frame, attempt: frame });

test("four results of a node are fetched at a time, and the others follow in order", async () => {
  const { fetchQueue, events, broken } = openQueue();
  const slow = new SlowWorker();
  fetchQueue.joined(slow);
  for (const frame of [1, 2, 3, 4, 5, 6]) fetchQueue.fetch(node, resultOf(frame));
  await setImmediate();
  expect(slow.fetched).toEqual([1, 2, 3, 4]);

  await slow.end();

  expect(events).toEqual([{ type: "frame-stored", ...about(1) }]);
  expect(slow.fetched).toEqual([1, 2, 3, 4, 5]);
  expect(broken).toEqual([]);
});

test("a result that is released while it waits is not fetched, but still ends with an event", async () => {
  const { fetchQueue, events } = openQueue();
  const slow = new SlowWorker();
  fetchQueue.joined(slow);
  for (const frame of [1, 2, 3, 4, 5, 6]) fetchQueue.fetch(node, resultOf(frame));

  fetchQueue.release(node, { frame: 5, attempt: 5 });
  fetchQueue.release(node, { frame: 1, attempt: 1 });

  expect(events).toEqual([{ type: "result-lost", ...about(5) }]);
  await setImmediate();
  await slow.end();
  expect(slow.fetched).toEqual([1, 2, 3, 4, 6]);
  expect(events.at(-1)).toEqual({ type: "frame-stored", ...about(1) });
});

test("a fetch that failed with its link does not affect the fetch of the same result on the next link", async () => {
  const { fetchQueue, events } = openQueue();
  const [first, second] = [new SlowWorker(), new SlowWorker()];
  fetchQueue.joined(first);
  fetchQueue.fetch(node, resultOf(1));
  fetchQueue.fetch(node, resultOf(2));
  await setImmediate();
  fetchQueue.lost(node);
  fetchQueue.joined(second);
  fetchQueue.fetch(node, resultOf(1));

  await first.end(new FarmError("FARM_LINK_LOST", "it is gone", ""));
  expect(events).toEqual([]);

  // But a result that arrived completely is stored and reported.
  await first.end();
  expect(events).toEqual([{ type: "frame-stored", ...about(2) }]);
});

test("a closed queue starts no fetch", async () => {
  const { fetchQueue } = openQueue();
  const slow = new SlowWorker();
  fetchQueue.joined(slow);
  for (const frame of [1, 2, 3, 4, 5]) fetchQueue.fetch(node, resultOf(frame));
  await setImmediate();
  fetchQueue.close();
  await slow.end();
  expect(slow.fetched).toEqual([1, 2, 3, 4]);
});

test("it reports when a fetch starts, when the bytes have arrived, and how it ended", async () => {
  const { fetchQueue, events, steps } = openQueue();
  const slow = new SlowWorker();
  fetchQueue.joined(slow);
  for (const frame of [1, 2, 3, 4, 5]) fetchQueue.fetch(node, resultOf(frame));
  expect(steps).toEqual([1, 2, 3, 4].map((frame) => ({ type: "fetch-started", ...about(frame) })));
  await setImmediate();

  await slow.end();

  expect(steps.slice(4)).toEqual([
    { type: "result-arrived", ...about(1) },
    { type: "fetch-started", ...about(5) },
  ]);
  expect(events).toEqual([{ type: "frame-stored", ...about(1) }]);
});

test("results are stored a few at a time, in order of arrival, and fetching pauses while many wait", async () => {
  const commits: (() => void)[] = [];
  const store = storeThat(() => new Promise((resolve) => commits.push(() => resolve(true))));
  const { fetchQueue, events, steps } = openQueue(store);
  // Twenty nodes hold eight results each, and all links are fast.
  const sessions = Array.from({ length: 20 }, (_, index) => new SlowWorker(`node${index}`));
  for (const slow of sessions) {
    fetchQueue.joined(slow);
    for (let frame = 1; frame <= 8; frame++) fetchQueue.fetch(slow.info.node, resultOf(frame));
  }
  await setImmediate();
  for (let round = 0; round < 8; round++) for (const slow of sessions) await slow.end();

  expect(commits).toHaveLength(8);
  const askedFor = steps.filter(({ type }) => type === "fetch-started").length;
  // Eight are being stored and 32 wait; fetches that had started before still arrive.
  expect(askedFor).toBeLessThanOrEqual(8 + 32 + 20 * 4);
  expect(askedFor).toBeLessThan(20 * 8);

  for (let stored = 0; stored < commits.length; stored++) {
    commits[stored]?.();
    await setImmediate();
    for (const slow of sessions) await slow.end();
  }
  expect(commits).toHaveLength(160);
  expect(events).toHaveLength(160);
  const arrivals = steps
    .filter(({ type }) => type === "result-arrived")
    .map((step) => ({ ...step, type: "frame-stored" }));
  expect(events).toEqual(arrivals);
});
