import { expect, test } from "vitest";
import { listenForInterrupts } from "../../src/cli/signals.ts";

/** As the system does it, for this process alone. */
const raise = (signal: NodeJS.Signals) => process.emit(signal, signal);

test("the first Ctrl-C drains, the second one stops", () => {
  using interrupts = listenForInterrupts();
  expect(interrupts.exitCode).toBeUndefined();
  raise("SIGINT");
  expect([interrupts.drain.aborted, interrupts.stop.aborted, interrupts.exitCode]).toEqual([true, false, 130]);
  raise("SIGINT");
  expect([interrupts.stop.aborted, interrupts.exitCode]).toEqual([true, 130]);
});

test.each(["SIGTERM", "SIGHUP"] as const)("%s stops at once", (signal) => {
  using interrupts = listenForInterrupts();
  raise(signal);
  expect([interrupts.drain.aborted, interrupts.stop.aborted, interrupts.exitCode]).toEqual([false, true, 143]);
});

test("afterwards no listener is left", () => {
  const counts = () => ["SIGINT", "SIGTERM", "SIGHUP"].map((signal) => process.listenerCount(signal));
  const before = counts();
  const interrupts = listenForInterrupts();
  expect(counts()).toEqual(before.map((count) => count + 1));
  interrupts[Symbol.dispose]();
  expect(counts()).toEqual(before);
});
