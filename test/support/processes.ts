import { readdir, readFile } from "node:fs/promises";
import { isSoon } from "./wait-for.ts";

/** The variable that marks every process of a test: children inherit it however they are started. */
export const testRunVariable = "RENDERFARM_TEST_RUN";

/** A process that carries a test's mark. */
export interface MarkedProcess {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** Every living process that was started for the test run, at any depth. Linux only. */
export async function processesOf(run: string): Promise<MarkedProcess[]> {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(ids.map((id) => readMarked(Number(id), run)));
  return found.filter((process) => process !== undefined);
}

/**
 * Waits until no process of the run is left. The end of a process that is not our own child causes no event, so this
 * polls until the time is up.
 *
 * @returns Those still running after `timeoutMs`; a test expects none
 */
export async function remainingProcesses(run: string, timeoutMs = 10_000): Promise<MarkedProcess[]> {
  let remaining: MarkedProcess[] = [];
  const areAllGone = async () => {
    remaining = await processesOf(run);
    return remaining.length === 0;
  };
  await isSoon(areAllGone, timeoutMs);
  return remaining;
}

/** Ends the processes that a failed test left, each by its id. */
export async function killProcesses(run: string): Promise<void> {
  for (const { pid } of await processesOf(run)) send(pid, "SIGKILL");
}

/** Sends a signal. @returns whether the process existed */
export function send(pid: number | undefined, signal: NodeJS.Signals): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(pid, signal);
  } catch {
    return false; // it ended in the meantime
  }
}

async function readMarked(pid: number, run: string): Promise<MarkedProcess | undefined> {
  if (pid === process.pid) return undefined;
  try {
    const environment = await readFile(`/proc/${pid}/environ`, "utf8");
    if (!environment.split("\0").includes(`${testRunVariable}=${run}`)) return undefined;
    const command = (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0").join(" ").trim();
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    return { pid, parent: Number(/^PPid:\s*(\d+)/m.exec(status)?.[1]), command };
  } catch {
    return undefined; // it ended while we read it, or belongs to another user
  }
}

/** Whether a process is stopped by SIGSTOP. */
export async function isStopped(pid: number): Promise<boolean> {
  return ["T", "t"].includes(await stateOf(pid));
}

/** Whether a process exists and is not a zombie. */
export async function isRunning(pid: number | undefined): Promise<boolean> {
  if (pid === undefined) return false;
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return (await stateOf(pid)) !== "Z"; // only Linux tells us
}

/** The kernel's letter for a process's state: `R` runs, `S` sleeps; empty when there is no such process. */
export async function stateOf(pid: number): Promise<string> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return /^State:\s*(\S)/m.exec(status)?.[1] ?? "";
}
