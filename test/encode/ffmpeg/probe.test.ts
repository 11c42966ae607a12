import { expect, test } from "vitest";
import { differenceOf, type VideoFacts } from "../../../src/encode/ffmpeg/probe.ts";

const expected = { frames: 24, width: 64, height: 48, rate: { numerator: 24, denominator: 1 }, keepsRate: true };
const facts: VideoFacts = { packets: 24, width: 64, height: 48, rates: [24, 24], durationSeconds: 1, sizeBytes: 9 };

test("differenceOf() accepts the expected video, with rounding errors", () => {
  expect(differenceOf(facts, expected)).toBeNull();
  expect(differenceOf({ ...facts, durationSeconds: 1.04 }, expected)).toBeNull();
  expect(differenceOf({ ...facts, rates: [24.001, 91] }, expected)).toBeNull();
  expect(differenceOf({ ...facts, rates: [Number.NaN, 24] }, expected)).toBeNull();
});

test("differenceOf() accepts a GIF with one frame, however long it is shown", () => {
  const one = { ...expected, frames: 1, keepsRate: false };
  const still = { ...facts, packets: 1, durationSeconds: 0.1 };
  expect(differenceOf(still, { ...one, rate: { numerator: 50, denominator: 1 } })).toBeNull();
  expect(differenceOf({ ...still, packets: 2, durationSeconds: 0.2 }, { ...one, frames: 2 })).toContain("it lasts");
  expect(differenceOf({ ...still, durationSeconds: 0.5 }, { ...one, keepsRate: true })).toBe(
    "it lasts 0.5 s, not 0.042 s",
  );
});

test.each([
  [{ packets: 23 }, "it has 23 frames, not 24"],
  [{ packets: Number.NaN }, "it has NaN frames, not 24"],
  [{ width: 62 }, "it is 62x48, not 64x48"],
  [{ rates: [24000 / 1001, 24000 / 1001] }, "frames per second"],
  [{ rates: [Number.NaN, Number.NaN] }, "frames per second"],
  [{ durationSeconds: 0.9 }, "it lasts 0.9 s, not 1 s"],
  [{ durationSeconds: Number.NaN }, "it lasts NaN s, not 1 s"],
])("differenceOf() reports %o", (change, words) => {
  expect(differenceOf({ ...facts, ...change }, expected)).toContain(words);
});
