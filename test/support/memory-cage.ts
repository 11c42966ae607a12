import { existsSync } from "node:fs";
import { mkdir, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { isSoon } from "./wait-for.ts";

/** Where the kernel's control groups for memory are, by version, and what a group's limit is called there. */
const homes = [
  { root: "/sys/fs/cgroup/memory", limit: "memory.limit_in_bytes", needs: "memory.limit_in_bytes" },
  { root: "/sys/fs/cgroup", limit: "memory.max", needs: "cgroup.subtree_control" },
];

/** A group of processes that may have only so much memory: the kernel kills who wants more. */
export interface MemoryCage {
  take(pid: number): Promise<void>;
}

/** @returns `undefined` where this system gives tests no control groups: who calls says so */
export async function makeMemoryCage(limitBytes: number): Promise<MemoryCage | undefined> {
  const home = homes.find(({ root, needs }) => existsSync(join(root, needs)));
  if (!home) return undefined;
  const folder = join(home.root, `renderfarm-test-${process.pid}-${Math.trunc(performance.now())}`);
  try {
    await mkdir(folder);
    onTestFinished(() => remove(folder));
    await writeFile(join(folder, home.limit), String(limitBytes));
  } catch {
    return undefined; // not root, a read-only mount, or a group without the controller
  }
  return { take: (pid) => writeFile(join(folder, "cgroup.procs"), String(pid)) };
}

/** The kernel removes a group only after the last of its processes has ended. */
async function remove(folder: string): Promise<void> {
  const isRemoved = () =>
    rmdir(folder).then(
      () => true,
      () => false,
    );
  await isSoon(isRemoved, 5_000);
}
