import { expect, test } from "vitest";
import { TransferRate } from "../../src/core/transfer-rate.ts";

test("a rate is known after half a second, and is that of the last ten", () => {
  const rate = new TransferRate();
  expect(rate.bytesPerSecond(0)).toBe(null);
  rate.add(100, 1_000);
  expect(rate.bytesPerSecond(1_400)).toBe(null);
  rate.add(100, 1_500);
  expect(rate.bytesPerSecond(2_000)).toBe(200);
  for (let atMs = 3_000; atMs <= 30_000; atMs += 1_000) rate.add(50, atMs);
  expect(rate.bytesPerSecond(30_000)).toBeCloseTo(55);
  expect(rate.bytesPerSecond(60_000)).toBe(0);
});
