import { expect, test } from "vitest";
import { TokenBucket } from "../../src/core/token-bucket.ts";

const rate = { capacity: 3, everyMs: 1_000 };

test("it starts full, and is empty when its capacity has been taken", () => {
  const bucket = new TokenBucket(rate, 0);
  expect([1, 2, 3, 4].map(() => bucket.take(1, 0))).toEqual([true, true, true, false]);
});

test("time puts tokens back, one after each interval and never more than it holds", () => {
  const bucket = new TokenBucket(rate, 0);
  bucket.take(3, 0);
  expect(bucket.take(1, 999)).toBe(false);
  expect(bucket.take(1, 1_000)).toBe(true);
  expect(bucket.has(4, 1_000_000)).toBe(false);
  expect(bucket.has(3, 1_000_000)).toBe(true);
});

test("looking often gives no more than looking once", () => {
  const bucket = new TokenBucket({ capacity: 10, everyMs: 7 }, 0);
  bucket.take(10, 0);
  for (let atMs = 0; atMs < 70; atMs++) expect(bucket.has(10, atMs)).toBe(false);
  expect(bucket.has(10, 70)).toBe(true);
});

test("too few tokens are left where they are", () => {
  const bucket = new TokenBucket(rate, 0);
  expect(bucket.take(4, 0)).toBe(false);
  expect(bucket.take(3, 0)).toBe(true);
});

test("tokens can be added, up to the capacity", () => {
  const bucket = new TokenBucket(rate, 0);
  bucket.take(3, 0);
  bucket.add(2, 0);
  expect(bucket.has(3, 0)).toBe(false);
  expect(bucket.take(2, 0)).toBe(true);
  bucket.add(100, 0);
  expect(bucket.has(4, 0)).toBe(false);
});
