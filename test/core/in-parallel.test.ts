import { expect, test } from "vitest";
import { inParallel } from "../../src/core/in-parallel.ts";

test("works on some items at the same time, and on each of them once", async () => {
  const [done, running] = [[] as number[], { now: 0, most: 0 }];
  await inParallel([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
    running.most = Math.max(running.most, ++running.now);
    await Promise.resolve();
    done.push(item);
    running.now--;
  });
  expect(done.sort()).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(running).toEqual({ now: 0, most: 3 });
});

test("after a failure it starts no more work, and throws when the rest has ended", async () => {
  const [started, ended] = [[] as number[], [] as number[]];
  const work = inParallel([1, 2, 3, 4], 2, async (item) => {
    started.push(item);
    if (item === 1) throw new Error("broken");
    await new Promise((resolve) => setImmediate(resolve));
    ended.push(item);
  });
  await expect(work).rejects.toThrow("broken");
  expect({ started, ended }).toEqual({ started: [1, 2], ended: [2] });
});

test("nothing to do is done at once", async () => {
  await expect(inParallel([], 4, () => Promise.reject(new Error("unused")))).resolves.toBeUndefined();
});
