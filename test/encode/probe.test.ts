import { expect, test } from "vitest";
import { differenceOf, type VideoFacts } from "../../src/encode/probe.ts";

const expected = { frames: 24, width: 64, height: 48, rate: { numerator: 24, denominator: 1 }, keepsRate: true };
const facts: VideoFacts = { packets: 24, width: 64, height: 48, rates: [24, 24], durationSeconds: 1, sizeBytes: 9 };

test("differenceOf() finds nothing in the video that was expected, rounding allowed", () => {
  expect(differenceOf(facts, expected)).toBeNull();
  expect(differenceOf({ ...facts, durationSeconds: 1.04 }, expected)).toBeNull();
  expect(differenceOf({ ...facts, rates: [24.001, 91] }, expected)).toBeNull();
  expect(differenceOf({ ...facts, rates: [Number.NaN, 24] }, expected)).toBeNull();
});

test.each([
  [{ packets: 23 }, "it has 23 frames, not 24"],
  [{ packets: Number.NaN }, "it has NaN frames, not 24"],
  [{ width: 62 }, "it is 62x48, not 64x48"],
  [{ rates: [24000 / 1001, 24000 / 1001] }, "frames per second"],
  [{ rates: [Number.NaN, Number.NaN] }, "frames per second"],
  [{ durationSeconds: 0.9 }, "it lasts 0.9 s, not 1 s"],
  [{ durationSeconds: Number.NaN }, "it lasts NaN s, not 1 s"],
])("differenceOf() tells %o", (change, words) => {
  expect(differenceOf({ ...facts, ...change }, expected)).toContain(words);
});
