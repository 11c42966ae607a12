import { execFileSync } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";

/** Part of util-linux. */
const tool = "prlimit";

/** Why a test cannot take file descriptors away from its own process; undefined when it can. */
export const fewDescriptorsProblem =
  process.platform === "linux" ? undefined : "only Linux has prlimit, which lowers the limit of a running process";

/** Does `work` while this process can open only `free` more files. */
export async function withFewDescriptors<Value>(free: number, work: () => Promise<Value>): Promise<Value> {
  const before = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? "";
  const highest = Math.max(...readdirSync("/proc/self/fd").map(Number));
  limitTo(String(highest + 20));
  const taken: number[] = [];
  try {
    for (;;) taken.push(openSync("/dev/null", "r"));
  } catch {
    for (const descriptor of taken.splice(taken.length - free)) closeSync(descriptor);
  }
  try {
    return await work();
  } finally {
    for (const descriptor of taken) closeSync(descriptor);
    limitTo(before);
  }
}

/** Lowers the limit of open files of a running process to `count`; files that are open already stay open. */
export function leaveDescriptors(pid: number, free: number): void {
  const used = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  let limit = 0;
  for (let left = free; left > 0 || used.has(limit); limit++) if (!used.has(limit)) left--;
  limitTo(String(limit), pid);
}

function limitTo(count: string, pid = process.pid): void {
  execFileSync(tool, ["--pid", String(pid), `--nofile=${count}:`]);
}
