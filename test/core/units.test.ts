import { expect, test } from "vitest";
import { formatBytes, formatDuration } from "../../src/core/units.ts";

test.each([
  [0, "0 s"],
  [-5, "0 s"],
  [48_400, "48 s"],
  [59_499, "59 s"],
  [59_500, "1:00"],
  [125_000, "2:05"],
  [3_599_600, "1:00:00"],
  [11_240_000, "3:07:20"],
  [360_000_000, "100:00:00"],
])("formatDuration(%i) is '%s'", (durationMs, text) => {
  expect(formatDuration(durationMs)).toBe(text);
});

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1_000, "1.0 kB"],
  [1_549, "1.5 kB"],
  [41_200, "41 kB"],
  [412_000, "412 kB"],
  [999_499, "999 kB"],
  [999_500, "1.0 MB"],
  [1.5e9, "1.5 GB"],
  [5e15, "5000 TB"],
])("formatBytes(%i) is '%s'", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
