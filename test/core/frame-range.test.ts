import { describe, expect, test } from "vitest";
import { FarmError } from "../../src/core/errors.ts";
import {
  formatFrames,
  framesOfRange,
  highestFrame,
  lowestFrame,
  maxFrames,
  orderFrames,
  parseFrames,
} from "../../src/core/frame-range.ts";

function refusal(action: () => unknown): FarmError {
  try {
    action();
  } catch (error) {
    if (error instanceof FarmError) return error;
    throw error;
  }
  throw new Error("Nothing was refused");
}

describe("parseFrames()", () => {
  test("reads single frames, ranges, steps and negative frames", () => {
    expect(parseFrames("1-3,30,40-46x2,-10--8")).toEqual([-10, -9, -8, 1, 2, 3, 30, 40, 42, 44, 46]);
    expect(parseFrames("-2-2")).toEqual([-2, -1, 0, 1, 2]);
    expect(parseFrames(" 7 , 1 - 5 x 3 ")).toEqual([1, 4, 7]);
    expect(parseFrames("-0")).toEqual([0]);
  });

  test("sorts the frames and takes each once", () => {
    expect(parseFrames("5,3-4,4,1-5x4")).toEqual([1, 3, 4, 5]);
  });

  test("stops before a range's end if the step does not reach it exactly", () => {
    expect(parseFrames("1-10x4")).toEqual([1, 5, 9]);
    expect(parseFrames("1-3x100")).toEqual([1]);
  });

  test.each([
    ["", "no frame is named"],
    ["  ", "no frame is named"],
    ["1,,2", "between commas is empty"],
    ["1-24,", "between commas is empty"],
    ["abc", '"abc" is neither a frame nor a range'],
    ["1..24", '"1..24" is neither a frame nor a range'],
    ["1.5", "neither a frame nor a range"],
    ["1-", "neither a frame nor a range"],
    ["5x2", "no range to step through"],
    ["1-9x0", "a step of 0"],
    ["1-9x-1", "neither a frame nor a range"],
    [String(highestFrame + 1), "outside Blender's range"],
    [String(lowestFrame - 1), "outside Blender's range"],
    ["1-99999999999999999999", "outside Blender's range"],
    ["-500000-500000", "more than 1000000 frames"],
  ])("refuses %j and says that %s", (text, reason) => {
    const error = refusal(() => parseFrames(text));

    expect(error.code).toBe("FARM_BAD_INPUT");
    expect(error.message).toContain(reason);
    expect(error.hint).not.toBe("");
  });

  test("refuses a backward range and suggests the right one in the hint", () => {
    expect(refusal(() => parseFrames("10-1")).hint).toContain('"1-10"');
    expect(refusal(() => parseFrames("-1--10x3")).hint).toContain('"-10--1x3"');
  });

  test("refuses a short text that lists billions of frames, without listing them", () => {
    const text = Array.from({ length: 5000 }, (_, index) => `${index}-900000`).join(",");

    const error = refusal(() => parseFrames(text));

    expect(error.message).toContain("more than 1000000 frames");
    expect(error.message.length).toBeLessThan(200);
  });

  test("accepts the largest permitted number of frames", () => {
    expect(parseFrames(`1-${maxFrames}`)).toHaveLength(maxFrames);
  });
});

describe("framesOfRange()", () => {
  test("counts like Blender: from the start, by the step, never past the end", () => {
    expect(framesOfRange(1, 10, 4)).toEqual([1, 5, 9]);
    expect(framesOfRange(-2, 1, 1)).toEqual([-2, -1, 0, 1]);
    expect(framesOfRange(5, 5, 1)).toEqual([5]);
  });

  test.each([
    [10, 1, 1],
    [1, 10, 0],
    [1, 10, 1.5],
    [0.5, 10, 1],
    [1, 2_000_000, 1],
    [-600_000, 600_000, 1],
  ])("refuses %d to %d by %d", (start, end, step) => {
    expect(refusal(() => framesOfRange(start, end, step)).code).toBe("FARM_BAD_INPUT");
  });
});

describe("formatFrames()", () => {
  test.each([
    [[], ""],
    [[7], "7"],
    [[1, 2], "1,2"],
    [[3, 1, 2, 2], "1-3"],
    [[1, 3, 5], "1,3,5"],
    [[1, 3, 5, 7], "1-7x2"],
    [[-10, -9, -8, 0], "-10--8,0"],
  ])("writes %j as %j", (frames, text) => {
    expect(formatFrames(frames)).toBe(text);
  });

  test("writes what parseFrames() reads", () => {
    for (const text of ["1-24,30,40-60x2", "-10--1", "1-3,5,9-30x7,100"]) {
      expect(formatFrames(parseFrames(text))).toBe(text);
    }
  });
});

describe("orderFrames()", () => {
  test("sequential keeps the frames ascending, reverse makes them descending", () => {
    expect(orderFrames([1, 2, 3], "sequential")).toEqual([1, 2, 3]);
    expect(orderFrames([1, 2, 3], "reverse")).toEqual([3, 2, 1]);
  });

  test("spread starts with the first, the last and the middle frame", () => {
    expect(orderFrames(framesOfRange(1, 9, 1), "spread")).toEqual([1, 9, 5, 3, 7, 2, 8, 4, 6]);
    expect(orderFrames([4], "spread")).toEqual([4]);
    expect(orderFrames([], "spread")).toEqual([]);
  });

  test.each([2, 3, 10, 24, 100, 1000])(
    "spread of %d frames has each frame once, and every prefix covers the range",
    (count) => {
      const frames = framesOfRange(1, count, 1);
      const ordered = orderFrames(frames, "spread");

      expect([...ordered].sort((one, other) => one - other)).toEqual(frames);
      for (let length = 3; length <= count; length++) {
        const prefix = ordered.slice(0, length).sort((one, other) => one - other);
        const gaps = prefix.slice(1).map((frame, index) => frame - (prefix[index] ?? 0));
        expect(Math.max(...gaps)).toBeLessThanOrEqual((4 * (count - 1)) / (length - 1) + 1);
      }
    },
  );
});
