import { expect, test } from "vitest";
import { discoveryTiming, isScanOver } from "../../src/discovery/timing.ts";

const { scanAtLeastMs, scanQuietMs, scanAtMostMs, queriesAtMs } = discoveryTiming;

test("the first scan ends after its minimum time when no new node was seen for a while", () => {
  expect(isScanOver(scanAtLeastMs - 1, 0)).toBe(false);
  expect(isScanOver(scanAtLeastMs, scanAtLeastMs - scanQuietMs)).toBe(true);
  expect(isScanOver(scanAtLeastMs, scanAtLeastMs - scanQuietMs + 1)).toBe(false);
});

test("without any node the scan waits for answers to its last query", () => {
  const lastMs = Math.max(...queriesAtMs);
  expect(isScanOver(lastMs + 499, undefined)).toBe(false);
  expect(isScanOver(lastMs + 500, undefined)).toBe(true);
});

test("the scan ends after its maximum time, even if nodes keep coming", () => {
  expect(isScanOver(scanAtMostMs - 1, scanAtMostMs - 1)).toBe(false);
  expect(isScanOver(scanAtMostMs, scanAtMostMs)).toBe(true);
});
