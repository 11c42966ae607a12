import { type ChildProcess, spawn } from "node:child_process";

/** How a program ended. */
interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** A program of a test, in its own process group, with the end of its output. */
export interface LabProgram {
  readonly child: ChildProcess;
  readonly ended: Promise<ProgramEnd>;
}

/**
 * Starts a program; its standard input stays open until the test closes it.
 *
 * @param words The program and its arguments
 * @param env Its whole environment: nothing from the test's own gets in by accident
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
  ended.catch(() => {}); // callers that await it get the error; nobody has to
  return { child, ended };
}

/** The promise's value, or when the time is up an error that names what was awaited. */
export async function within<Value>(promise: Promise<Value>, timeoutMs: number, what: () => string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Waited ${timeoutMs} ms for ${what()}, without success`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
