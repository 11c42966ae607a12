import { expect, test } from "vitest";
import { FirstEstimate } from "../../../../src/farm/job/loop/first-estimate.ts";

const running = (attempt: number, runningMs: number) => ({
  node: `n${attempt}`,
  slot: 0,
  frame: attempt,
  attempt,
  runningMs,
});

test("before any frame is finished, the estimate comes from how much of the first ones is done", () => {
  const estimate = new FirstEstimate();
  const job = { queued: 8, active: 2, running: [running(1, 60_000), running(2, 60_000)] };
  expect(estimate.of(job)).toBeNull();
  estimate.hear(1, 0.05); // too early to say
  expect(estimate.of(job)).toBeNull();
  estimate.hear(1, 0.5); // so a frame takes two minutes, and two slots render ten frames
  expect(estimate.of(job)).toEqual({ etaMs: 9.5 * 60_000, etaRangeMs: [285_000, 19 * 60_000] });
  estimate.hear(2, 0.5);
  expect(estimate.of(job)).toMatchObject({ etaMs: 9 * 60_000 });
});

test("what was heard of a frame that is no longer rendered does not count", () => {
  const estimate = new FirstEstimate();
  estimate.hear(1, 0.5);
  expect(estimate.of({ queued: 8, active: 1, running: [running(2, 60_000)] })).toBeNull();
  expect(estimate.of({ queued: 8, active: 1, running: [running(1, 60_000)] })).toBeNull();
});
