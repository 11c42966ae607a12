import { existsSync } from "node:fs";
import { mkdir, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { isSoon } from "./wait-for.ts";

/** Where the kernel's control groups for memory are, by version, and the name of a group's limit file. */
const homes = [
  { root: "/sys/fs/cgroup/memory", limit: "memory.limit_in_bytes", needs: "memory.limit_in_bytes" },
  { root: "/sys/fs/cgroup", limit: "memory.max", needs: "cgroup.subtree_control" },
];

/** A group of processes with a memory limit: the kernel kills a process that needs more. */
export interface MemoryCage {
  take(pid: number): Promise<void>;
}

/** @returns `undefined` if this system does not let tests use control groups; the caller must report that */
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

/** The kernel removes a group only after its last process has ended. */
async function remove(folder: string): Promise<void> {
  const isRemoved = () =>
    rmdir(folder).then(
      () => true,
      () => false,
    );
  await isSoon(isRemoved, 5_000);
}
