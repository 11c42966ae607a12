import { expect, test, vi } from "vitest";
import { listenForInterrupts } from "../../src/cli/signals.ts";

/** Delivers a signal to this process. */
const raise = (signal: NodeJS.Signals) => process.emit(signal, signal);

test("the first Ctrl-C drains, the second one stops", () => {
  using interrupts = listenForInterrupts();
  expect(interrupts.exitCode).toBeUndefined();
  raise("SIGINT");
  expect([interrupts.drain.aborted, interrupts.stop.aborted, interrupts.exitCode]).toEqual([true, false, 130]);
  raise("SIGINT");
  expect([interrupts.stop.aborted, interrupts.exitCode]).toEqual([true, 130]);
});

test.each(["SIGTERM", "SIGHUP", "SIGBREAK"] as const)("%s stops at once", (signal) => {
  using interrupts = listenForInterrupts();
  raise(signal);
  expect([interrupts.drain.aborted, interrupts.stop.aborted, interrupts.exitCode]).toEqual([false, true, 143]);
});

test("a third Ctrl-C ends the process at once, even if something hangs", () => {
  const exit = vi.fn();
  using _ = listenForInterrupts({ exit });
  for (let count = 0; count < 2; count++) raise("SIGINT");
  expect(exit).not.toHaveBeenCalled();
  raise("SIGINT");
  expect(exit.mock.calls).toEqual([[130]]);
});

test.each([
  [["SIGTERM"], 143],
  [["SIGINT", "SIGINT"], 130],
] as const)("after %o the process is ended if stopping takes longer than 10 s", (signals, exitCode) => {
  vi.useFakeTimers();
  try {
    const exit = vi.fn();
    const interrupts = listenForInterrupts({ exit });
    for (const signal of signals) raise(signal);
    vi.advanceTimersByTime(9_900);
    expect(exit).not.toHaveBeenCalled();
    vi.advanceTimersByTime(200);
    expect(exit.mock.calls).toEqual([[exitCode]]);
    interrupts[Symbol.dispose]();

    using inTime = listenForInterrupts({ exit });
    for (const signal of signals) raise(signal);
    inTime[Symbol.dispose]();
    vi.advanceTimersByTime(20_000);
    expect(exit).toHaveBeenCalledTimes(1);
  } finally {
    vi.useRealTimers();
  }
});

test("after disposing no listener is left", () => {
  const counts = () => ["SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"].map((signal) => process.listenerCount(signal));
  const before = counts();
  const interrupts = listenForInterrupts();
  expect(counts()).toEqual(before.map((count) => count + 1));
  interrupts[Symbol.dispose]();
  expect(counts()).toEqual(before);
});
