import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, utimes } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { JobLock } from "../../../src/frames/lock/lock.ts";
import { compileSources } from "../../support/compile-sources.ts";
import { skipBecause } from "../../support/skip.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../../support/temporary-folder.ts";

/** Runs a command in a container: its own process numbers, name and mounts. All containers have the same name. */
const container = ["--pid", "--fork", "--kill-child", "--uts", "--mount"];
const named = 'hostname farm && exec "$@"';

async function whyNoContainers(): Promise<string | undefined> {
  if (process.platform !== "linux") return "only Linux has containers";
  const made = await execa("unshare", [...container, "--mount-proc", "true"], { reject: false });
  return made.failed ? `no container can be started here: ${made.stderr}` : undefined;
}

interface Container extends AsyncDisposable {
  /** The first line that its program prints. */
  readonly said: string;
  readonly process: ChildProcess;
}

/** @param sees Which processes its /proc shows: not every container has a /proc of its own */
async function inContainer(sees: "own processes" | "host's processes", command: readonly string[]): Promise<Container> {
  const flags = sees === "own processes" ? [...container, "--mount-proc"] : container;
  const child = spawn("unshare", [...flags, "sh", "-c", named, "sh", ...command], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const dispose = async () => {
    child.kill("SIGKILL"); // ends everything inside it too
    await ended;
  };
  const [said] = await once(createInterface(child.stdout), "line");
  return { said: String(said), process: child, [Symbol.asyncDispose]: dispose };
}

describe.skipIf(skipBecause(await whyNoContainers()))("the lock of containers that share a folder and a name", () => {
  let folder: TemporaryFolder;
  let program: string;
  let lock: string;
  let takeLock: readonly string[];

  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    program = await compileSources("test/frames/lock/holds-lock.mjs", join(folder.path, "program"));
  });
  beforeEach(async () => {
    const shared = await mkdtemp(join(folder.path, "shared-"));
    lock = join(shared, "lock");
    takeLock = [process.execPath, program, lock];
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  const makeSilent = () => utimes(lock, Date.now() / 1000 - 60, Date.now() / 1000 - 60);

  test.each(["own processes", "host's processes"] as const)(
    "is never taken while its process lives, and is free some time after it was killed (%s)",
    async (sees) => {
      {
        await using first = await inContainer(sees, takeLock);
        expect(first.said).toBe("held 1"); // the first process in every container has this number
        await using second = await inContainer(sees, takeLock);
        expect(second.said).toBe("FARM_JOB_LOCKED");
        await expect(JobLock.open(lock)).rejects.toMatchObject({ code: "FARM_JOB_LOCKED" });
      }
      const left = await readFile(lock, "utf8");
      await using soon = await inContainer(sees, takeLock);
      expect(soon.said).toBe("FARM_JOB_LOCKED"); // the lock may belong to a container that still runs
      expect(await readFile(lock, "utf8")).toBe(left);
      await makeSilent();
      await using later = await inContainer(sees, takeLock);
      expect(later.said).toBe("held 1");
    },
  );

  test("is taken at once by a process with the number of the killed one, in the same container", async () => {
    const reuse = `
      "$@" < /dev/zero > said & first=$!
      until grep -q held said; do sleep 0.05; done
      kill -9 $first; { wait $first; } 2> /dev/null
      echo $((first - 1)) > /proc/sys/kernel/ns_last_pid
      "$@" < /dev/null > said-again & second=$!
      wait $second
      echo "$first $second $(cat said-again)"`;
    const command = ["sh", "-c", `cd "${folder.path}"; ${reuse}`, "sh", ...takeLock];
    await using only = await inContainer("own processes", command);
    const [first, second, said, number] = only.said.split(" ");
    expect([second, said, number]).toEqual([first, "held", first]);
  });
});
