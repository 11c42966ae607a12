import { describe, expect, test } from "vitest";
import { formatFrameRate, frameRateOf, parseFrameRate } from "../../src/encode/frame-rate.ts";

describe("frameRateOf() returns the exact rate of a scene", () => {
  test.each([
    [24, 1, "24/1"],
    [24, 1.0010000467300415, "24000/1001"],
    [30, 1.0010000467300415, "30000/1001"],
    [60, 1.001, "60000/1001"],
    [120, 1.0010000467300415, "120000/1001"],
    [25, 1, "25/1"],
    [25, 2, "25/2"],
    [1, 3, "1/3"],
    [24, 0.1, "240/1"],
    [24, 1.000001, "24/1"],
    [24, 1.00001, "99983/4166"],
    [10, 3.7, "100/37"],
    [1, 1000, "1/1000"],
    [1, 1_000_000, "1/10000"],
  ])("%d / %d is %s", (fps, base, rate) => {
    expect(formatFrameRate(frameRateOf(fps, base))).toBe(rate);
  });

  test.each([
    [0, 1],
    [24, 0],
    [-24, 1],
    [Number.NaN, 1],
  ])("and refuses %d / %d", (fps, base) => {
    expect(() => frameRateOf(fps, base)).toThrow(expect.objectContaining({ code: "FARM_BAD_INPUT" }));
  });
});

describe("parseFrameRate() understands what users type", () => {
  test.each([
    ["24", "24/1"],
    [" 25 ", "25/1"],
    ["24.0", "24/1"],
    ["24.00", "24/1"],
    ["12.5", "25/2"],
    ["23.976", "24000/1001"],
    ["23.98", "24000/1001"],
    ["23.976024", "24000/1001"],
    ["29.97", "30000/1001"],
    ["59.94", "60000/1001"],
    ["119.88", "120000/1001"],
    ["30000/1001", "30000/1001"],
    ["60/2", "30/1"],
    ["24/1.001", "24000/1001"],
    ["23.5", "47/2"],
    ["23.9", "239/10"],
    ["0.25", "1/4"],
  ])("%s is %s", (text, rate) => {
    expect(formatFrameRate(parseFrameRate(text))).toBe(rate);
  });

  test.each(["", "0", "-24", "24fps", "1e3", "24/0", "24//1", "NaN", "Infinity", "."])("and refuses '%s'", (text) => {
    expect(() => parseFrameRate(text)).toThrow(expect.objectContaining({ code: "FARM_BAD_INPUT" }));
  });
});
