import { spawn } from "node:child_process";
import { fstatSync } from "node:fs";
import type { Terminal } from "./live/terminal-traits.ts";
import { Output } from "./output.ts";

/** How long what was said last may take to be read after a signal; a program that is told to end does not wait for more. */
const lastWordsMs = 1_000;

/** What this program says on its standard output. */
export const out = new Output(process.stdout);

/** What it says beside that. On one terminal both are one, or a line could come into the middle of a picture. */
export const err = isOneTerminal() ? out : new Output(process.stderr);

/** Standard output, if it is a terminal, as the live view draws on it. */
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
 * Waits a second for what was said last, after a signal that ends this program. A terminal that does not take it, since
 * Ctrl-S has stopped it, has its cursor shown by a process of its own once it goes on.
 *
 * @returns Whether all is read
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
  child.on("error", () => {}); // where there is no such program the user types `reset`
  child.unref();
}

function isOneTerminal(): boolean {
  return process.stdout.isTTY === true && process.stderr.isTTY === true && fstatSync(1).rdev === fstatSync(2).rdev;
}
