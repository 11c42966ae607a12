import { EventEmitter } from "node:events";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LiveReporter } from "../../../src/cli/live/live-reporter.ts";
import { LiveView } from "../../../src/cli/live/live-view.ts";
import { canDrawLive, canShowColor, canShowUnicode, type Terminal } from "../../../src/cli/live/terminal-traits.ts";
import { sampleEvents } from "./sample-events.ts";

const showCursor = "\u001b[?25h";
const hideCursor = "\u001b[?25l";
const sample = sampleEvents({ frames: 250, nodes: ["alpha", "beta"], stored: 100 });

/** A terminal that remembers what was written to it. */
class FakeTerminal extends EventEmitter {
  readonly isTTY = true;
  readonly written: string[] = [];
  columns = 80;
  rows = 24;
  isBehind = false;
  write(text: string): boolean {
    this.written.push(text);
    return true;
  }
  get asTerminal(): Terminal {
    return this as unknown as Terminal;
  }
  /** How many drawings showed the bar. */
  get drawings(): number {
    return this.written.filter((text) => text.includes("/250 frames")).length;
  }
}

function open(terminal: FakeTerminal): LiveView {
  return new LiveView({ terminal: terminal.asTerminal, environment: {}, monotonicMs: () => Date.now() });
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("it draws at most ten times a second, however many events there are", () => {
  const terminal = new FakeTerminal();
  using view = open(terminal);
  for (const { event } of sample) view.tell(event);
  vi.advanceTimersByTime(100);
  const before = terminal.written.length;
  for (let count = 0; count < 1_000; count++) {
    view.tell({ type: "frame:progressed", node: "id-0", name: "alpha", frame: 101, slot: 0, fraction: count / 1_000 });
    vi.advanceTimersByTime(1);
  }
  expect((terminal.written.length - before) / 2).toBeLessThanOrEqual(10); // each drawing erases the old one first
});

test("when lines are added, everything is redrawn: log-update would misplace the unchanged lines", () => {
  const terminal = new FakeTerminal();
  const now = Date.now();
  using view = new LiveView({ terminal: terminal.asTerminal, environment: {}, monotonicMs: () => now });
  for (const { event } of sample) view.tell(event);
  vi.advanceTimersByTime(100);
  const warn = () => view.tell({ type: "warning", code: "TEST", message: "something", name: null });
  warn();
  vi.advanceTimersByTime(100);
  const before = terminal.drawings;
  warn(); // the second notice: the first one and the bar stay the same
  vi.advanceTimersByTime(100);
  expect(terminal.drawings).toBe(before + 1);
});

test("log lines are written after the view is cleared and before it is drawn again", () => {
  const terminal = new FakeTerminal();
  using view = open(terminal);
  for (const { event } of sample) view.tell(event);
  vi.advanceTimersByTime(100);
  const before = terminal.drawings;
  view.writeAbove(() => terminal.write("a line\n"));
  const at = terminal.written.indexOf("a line\n");
  expect(terminal.written[at - 1]).toContain("\u001b[2K");
  expect(terminal.drawings).toBe(before + 1);
});

test("while the terminal is behind nothing is drawn, and afterwards the current state once", () => {
  const terminal = new FakeTerminal();
  using view = open(terminal);
  for (const { event } of sample) view.tell(event);
  vi.advanceTimersByTime(100);
  const before = terminal.written.length;
  terminal.isBehind = true;
  for (let frame = 101; frame < 200; frame++) {
    view.tell({ type: "frame:progressed", node: "id-0", name: "alpha", frame, slot: 0, fraction: 0.5 });
    vi.advanceTimersByTime(100);
  }
  terminal.columns = 40;
  terminal.emit("resize");
  expect(terminal.written.length).toBe(before);
  terminal.isBehind = false;
  vi.advanceTimersByTime(100);
  const drawn = terminal.written.slice(before);
  expect(drawn[0]?.endsWith("\u001b[J")).toBe(true); // the old lines, which the terminal has wrapped, are erased
  expect(drawn.filter((text) => text.includes("/250")).length).toBe(1);
});

test("after its end no listener and no timer is left, and the cursor is shown once", () => {
  const terminal = new FakeTerminal();
  const counted = ["exit", "SIGTSTP", "SIGCONT", "SIGQUIT", "SIGINT"];
  const listeners = () => counted.map((name) => process.listenerCount(name));
  const before = listeners();
  const view = open(terminal);
  expect(terminal.written[0]).toBe(hideCursor);
  view.tell({ type: "job:interrupted", missing: 3 });
  view[Symbol.dispose]();
  vi.advanceTimersByTime(5_000);
  view.tell({ type: "job:waiting", missing: 1 });
  view.stopping();
  expect(listeners()).toEqual(before);
  expect(terminal.listenerCount("resize")).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
  expect(terminal.written.at(-1)).toMatch(/continues/);
  expect(terminal.written.filter((text) => text.includes(showCursor)).length).toBe(1);
});

test("a warning that repeats the final error is not shown", () => {
  const terminal = new FakeTerminal();
  using reporter = new LiveReporter({ terminal: terminal.asTerminal, environment: {}, monotonicMs: () => Date.now() });
  reporter.tell({ type: "warning", code: "TEST", message: "one thing", name: null });
  reporter.tell({ type: "warning", code: "TEST", message: "the fault itself", name: null });
  reporter.tell({ type: "job:failed", code: "TEST", message: "the fault itself", hint: "" });
  expect(terminal.written.at(-1)).toBe(`▲ one thing\n${showCursor}`);
});

test("a reporter draws nothing before the first event, and opens a new view after a question", () => {
  const terminal = new FakeTerminal();
  using reporter = new LiveReporter({ terminal: terminal.asTerminal, environment: {}, monotonicMs: () => Date.now() });
  reporter.stopping();
  reporter.writeAbove(() => terminal.write("early\n"));
  expect(terminal.written).toEqual(["early\n"]);
  reporter.tell({ type: "job:waiting", missing: 1 });
  reporter.close();
  reporter.tell({ type: "job:waiting", missing: 1 });
  expect(terminal.written.filter((text) => text === hideCursor).length).toBe(2);
});

test("a live view needs a terminal that can move the cursor, and no CI", () => {
  const terminal = new FakeTerminal().asTerminal;
  expect(canDrawLive(terminal, { TERM: "xterm" })).toBe(true);
  expect(canDrawLive(terminal, { TERM: "dumb" })).toBe(false);
  expect(canDrawLive(terminal, { CI: "true" })).toBe(false);
  expect(canDrawLive({ ...terminal, isTTY: false } as Terminal, {})).toBe(false);
});

test("colours are used if the terminal has them and NO_COLOR is not set", () => {
  const colored = { getColorDepth: () => 8 } as Partial<Terminal> as Terminal;
  expect(canShowColor(colored, {})).toBe(true);
  expect(canShowColor(colored, { NO_COLOR: "" })).toBe(true);
  expect(canShowColor(colored, { NO_COLOR: "1" })).toBe(false);
  expect(canShowColor({ getColorDepth: () => 1 } as Partial<Terminal> as Terminal, {})).toBe(false);
});

test("ASCII is used on the Linux console, on old Windows consoles, and in a locale without Unicode", () => {
  expect(canShowUnicode({ TERM: "xterm", LANG: "de_DE.UTF-8" }, "linux")).toBe(true);
  expect(canShowUnicode({ TERM: "xterm" }, "linux")).toBe(true);
  expect(canShowUnicode({ TERM: "xterm", LANG: "de_DE.UTF-8", LC_ALL: "C" }, "linux")).toBe(false);
  expect(canShowUnicode({ TERM: "linux", LANG: "de_DE.UTF-8" }, "linux")).toBe(false);
  expect(canShowUnicode({}, "win32")).toBe(false);
  expect(canShowUnicode({ WT_SESSION: "x" }, "win32")).toBe(true);
});
