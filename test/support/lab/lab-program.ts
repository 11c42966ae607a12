import { type ChildProcess, spawn } from "node:child_process";

/** How a program ended. */
interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** A program of a test, in a process group of its own, with the end of what it said. */
export interface LabProgram {
  readonly child: ChildProcess;
  readonly ended: Promise<ProgramEnd>;
}

/**
 * Starts a program; its standard input stays open until the test closes it.
 *
 * @param words The program and its arguments
 * @param env Its whole environment: nothing of the test's own reaches it by accident
 */
export function startProgram(words: readonly string[], env: Readonly<Record<string, string>>, cwd: string): LabProgram {
  const [command = "", ...args] = words;
  const child = spawn(command, args, { env, cwd, stdio: ["pipe", "pipe", "pipe"], detached: true });
  let stderr = "";
  child.stderr.on("data", (piece) => {
    stderr = (stderr + piece).slice(-8_000);
  });
  const ended = new Promise<ProgramEnd>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stderr }));
  });
  ended.catch(() => {}); // whoever awaits it is told; nobody has to
  return { child, ended };
}

/** The promise's value, or an error that names what was awaited when the time is up. */
export async function within<Value>(promise: Promise<Value>, timeoutMs: number, what: () => string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Waited ${timeoutMs} ms in vain for ${what()}`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
