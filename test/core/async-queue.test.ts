import { expect, test } from "vitest";
import { AsyncQueue } from "../../src/core/async-queue.ts";

async function collect<T>(queue: AsyncQueue<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of queue) values.push(value);
  return values;
}

test("values come in order, whether they were pushed before or after reading started", async () => {
  const queue = new AsyncQueue<number>();
  queue.push(1);
  const reading = collect(queue);
  queue.push(2);
  await Promise.resolve();
  queue.push(3);
  queue.end();
  expect(await reading).toEqual([1, 2, 3]);
});

test("end() keeps values that were pushed before, drops later ones, and is idempotent", async () => {
  const queue = new AsyncQueue<number>();
  queue.push(1);
  queue.end();
  queue.end();
  queue.push(2);
  expect(await collect(queue)).toEqual([1]);
  expect(await collect(queue)).toEqual([]);
});

test("a second reader continues where the first one stopped", async () => {
  const queue = new AsyncQueue<number>();
  for (const value of [1, 2, 3]) queue.push(value);
  for await (const value of queue) if (value === 1) break;
  queue.end();
  expect(await collect(queue)).toEqual([2, 3]);
});
