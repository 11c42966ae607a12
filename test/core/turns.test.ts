import { expect, test } from "vitest";
import { AsyncQueue } from "../../src/core/async-queue.ts";
import { Turns } from "../../src/core/turns.ts";

test("timers run while a queue that never gets empty is read", async () => {
  const queue = new AsyncQueue<number>();
  const turns = new Turns();
  let hasRun = false;
  setTimeout(() => {
    hasRun = true;
    queue.end();
  }, 1);
  queue.push(0);
  for await (const value of queue) {
    queue.push(value + 1);
    if (value > 50_000_000) break; // without turns for timers it would never end
    await turns.giveWay();
  }
  expect(hasRun).toBe(true);
});
