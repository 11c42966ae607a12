import { spawn } from "node:child_process";
import { fstatSync } from "node:fs";
import type { Terminal } from "./live/terminal-traits.ts";
import { Output } from "./output.ts";

/**
 * How long the last output may take to be read after a signal. A program that was told to stop must not wait longer.
 */
const lastWordsMs = 1_000;

/** Standard output. */
export const out = new Output(process.stdout);

/**
 * Standard error. If both are one terminal they are one output, so that no line lands in the middle of the live view.
 */
export const err = isOneTerminal() ? out : new Output(process.stderr);

/** Standard output as the live view uses it. */
export const screen: Terminal = {
  get isTTY() {
    return process.stdout.isTTY;
  },
  get columns() {
    return process.stdout.columns;
  },
  get rows() {
    return process.stdout.rows;
  },
  get isBehind() {
    return out.isBehind;
  },
  write: (text) => out.write(text),
  on: (event, listener) => process.stdout.on(event, listener),
  off: (event, listener) => process.stdout.off(event, listener),
  getColorDepth: (environment) => process.stdout.getColorDepth(environment),
};

/**
 * After a signal that ends this program, waits a second for its last output to be read. If a terminal stopped by Ctrl-S
 * does not read it, a separate process shows the cursor again once the terminal continues.
 *
 * @returns Whether everything was read
 */
export async function areLastWordsTaken(): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise((resolve) => {
    timer = setTimeout(resolve, lastWordsMs);
  });
  await Promise.race([Promise.all([out.taken(), err.taken()]), timeUp]);
  clearTimeout(timer);
  if (out.isBehind && process.stdout.isTTY) showCursorLater();
  return !out.isBehind && !err.isBehind;
}

function showCursorLater(): void {
  const stdio = ["ignore", "inherit", "ignore"] as const;
  const child = spawn("printf", ["\\033[?25h"], { stdio: [...stdio], detached: true });
  child.on("error", () => {}); // without that program, the user can type `reset`
  child.unref();
}

function isOneTerminal(): boolean {
  return process.stdout.isTTY === true && process.stderr.isTTY === true && fstatSync(1).rdev === fstatSync(2).rdev;
}
