import { expect, test } from "vitest";
import type { FromNode } from "../../src/session/protocol.ts";
import { Replies } from "../../src/session/replies.ts";

type Closed = Extract<FromNode, { type: "job-closed" }>;
const closed = (job: string): Closed => ({ type: "job-closed", job });
const isClosed =
  (job: string) =>
  (message: FromNode): message is Closed =>
    message.type === "job-closed" && message.job === job;

test("an answer reaches one caller, the one that waits for it", async () => {
  const replies = new Replies();
  const a = replies.next(isClosed("a"));
  const b = replies.next(isClosed("b"));
  expect(replies.offer(closed("b"))).toBe(true);
  expect(replies.offer(closed("b"))).toBe(false);
  expect(replies.offer(closed("a"))).toBe(true);
  expect(await a).toEqual(closed("a"));
  expect(await b).toEqual(closed("b"));
});

test("of two callers that wait for the same answer, the first gets the first one", async () => {
  const replies = new Replies();
  const order: string[] = [];
  const first = replies.next(isClosed("a")).then(() => order.push("first"));
  const second = replies.next(isClosed("a")).then(() => order.push("second"));
  replies.offer(closed("a"));
  await first;
  expect(order).toEqual(["first"]);
  replies.offer(closed("a"));
  await second;
  expect(order).toEqual(["first", "second"]);
});

test("offer() says when nobody waits for a message, so that it becomes an event", () => {
  expect(new Replies().offer(closed("a"))).toBe(false);
});

test("next() rejects with the signal's reason, and nobody gets a later answer", async () => {
  const replies = new Replies();
  const stop = new AbortController();
  const reply = replies.next(isClosed("a"), stop.signal);
  stop.abort(new Error("enough"));
  await expect(reply).rejects.toThrow("enough");
  expect(replies.offer(closed("a"))).toBe(false);
  await expect(replies.next(isClosed("a"), stop.signal)).rejects.toThrow("enough");
});

test("end() rejects all waiting calls, present and future, with its first reason", async () => {
  const replies = new Replies();
  const waiting = [replies.next(isClosed("a")), replies.next(isClosed("b"))];
  replies.end(new Error("gone"));
  replies.end(new Error("gone again"));
  for (const reply of waiting) await expect(reply).rejects.toThrow(/^gone$/);
  await expect(replies.next(isClosed("c"))).rejects.toThrow(/^gone$/);
});

test("no listener stays on the signal after the answer arrived", async () => {
  const replies = new Replies();
  const { signal } = new AbortController();
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = ((...args: Parameters<typeof add>) => {
    listeners += 1;
    add(...args);
  }) as typeof add;
  signal.removeEventListener = ((...args: Parameters<typeof remove>) => {
    listeners -= 1;
    remove(...args);
  }) as typeof remove;
  const reply = replies.next(isClosed("a"), signal);
  expect(listeners).toBe(1);
  replies.offer(closed("a"));
  await reply;
  expect(listeners).toBe(0);
});
