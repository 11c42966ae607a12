import { once } from "node:events";
import { readdir, readFile, rename, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, test, vi } from "vitest";
import { systemClock } from "../../../src/core/clock.ts";
import { JobLock } from "../../../src/frames/lock/lock.ts";
import { inspectProcess, ownIdentity } from "../../../src/frames/lock/process-identity.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";
import { waitFor } from "../../support/wait-for.ts";

const elsewhere = {
  ...{ host: "elsewhere", boot: null, namespace: null, pid: 1, start: null },
  ...{ time: "2026-01-01T00:00:00.000Z", token: "theirs" },
};
const canLook = process.platform === "linux" || process.platform === "darwin";

async function writeHolder(path: string, holder: object, silentSeconds = 0): Promise<void> {
  await writeFile(path, `${JSON.stringify(holder)}\n`);
  const time = Date.now() / 1000 - silentSeconds;
  await utimes(path, time, time);
}

describe("JobLock", () => {
  test("names its holder to everybody else, and leaves nothing behind when it is released", async () => {
    await using folder = await makeTemporaryFolder();
    const path = join(folder.path, "lock");
    {
      await using lock = await JobLock.open(path);
      await expect(JobLock.open(path)).rejects.toMatchObject({
        code: "FARM_JOB_LOCKED",
        message: expect.stringContaining(`process ${process.pid} on ${hostname()}`),
      });
      expect(lock.lost.aborted).toBe(false);
      await lock[Symbol.asyncDispose]();
      await lock[Symbol.asyncDispose]();
    }
    expect(await readdir(folder.path)).toEqual([]);
  });

  test.runIf(canLook)("is taken at once from a process of this machine that has ended", async () => {
    await using folder = await makeTemporaryFolder();
    const path = join(folder.path, "lock");
    const gone = execa(process.execPath, ["--version"]);
    await gone;
    await writeHolder(path, { ...elsewhere, ...(await ownIdentity()), pid: gone.pid });
    await using lock = await JobLock.open(path);
    expect(lock.lost.aborted).toBe(false);
    expect(await readdir(folder.path)).toEqual(["lock"]);
  });

  test.runIf(canLook)("is taken at once when another process has its process number now", async () => {
    await using folder = await makeTemporaryFolder();
    const path = join(folder.path, "lock");
    await writeHolder(path, { ...elsewhere, ...(await ownIdentity()), start: "1" });
    await using _ = await JobLock.open(path);
  });

  test.each([
    ["of another machine with the same name", { boot: "another" }],
    ["of a container with the same name", { namespace: "pid:[1]" }],
    ["of a system that does not identify its boots", { boot: null }],
    ["of a system that does not identify its process namespace", { namespace: null }],
    ["of a system that does not say when processes started", { start: null }],
    ["of an earlier release", { boot: undefined, namespace: undefined, start: undefined, processStart: "1" }],
  ])("%s is respected until it falls silent, although no such process runs here", async (_, changed) => {
    await using folder = await makeTemporaryFolder();
    const path = join(folder.path, "lock");
    const gone = execa(process.execPath, ["--version"]);
    await gone;
    const holder = { ...elsewhere, host: hostname(), ...(await ownIdentity()), pid: gone.pid, ...changed };
    await writeHolder(path, holder, 25);
    await expect(JobLock.open(path, { renewMs: 20 })).rejects.toMatchObject({ code: "FARM_JOB_LOCKED" });
    await writeHolder(path, holder, 31);
    await using _lock = await JobLock.open(path, { renewMs: 20 });
  });

  test("of another machine is respected for 30 s of silence, and no longer", async () => {
    await using folder = await makeTemporaryFolder();
    const path = join(folder.path, "lock");
    await writeHolder(path, elsewhere, 25);
    await expect(JobLock.open(path)).rejects.toMatchObject({
      code: "FARM_JOB_LOCKED",
      message: expect.stringContaining("process 1 on elsewhere"),
    });
    expect(await readdir(folder.path)).toEqual(["lock"]);
    await writeHolder(path, elsewhere, 31);
    await using _ = await JobLock.open(path, { renewMs: 20 });
  });

  test("of another machine that shows life while it is watched is respected: the disk's clock has jumped", async () => {
    await using folder = await makeTemporaryFolder();
    const path = join(folder.path, "lock");
    await writeHolder(path, elsewhere, 3_600);
    const sleep = vi.spyOn(systemClock, "sleep");
    const opening = JobLock.open(path, { renewMs: 400 });
    opening.catch(() => {}); // awaited below
    await waitFor(() => sleep.mock.calls.length > 0, "the 600 ms in which it looks on");
    sleep.mockRestore();
    await writeHolder(path, { ...elsewhere, time: "2026-01-01T00:00:05.000Z" }, 3_600);
    await expect(opening).rejects.toMatchObject({ code: "FARM_JOB_LOCKED" });
  });

  test.runIf(canLook)("of a living process of this machine never counts as silent: clocks jump", async () => {
    await using folder = await makeTemporaryFolder();
    const path = join(folder.path, "lock");
    await writeHolder(path, { ...elsewhere, ...(await ownIdentity()) }, 3_600);
    await expect(JobLock.open(path, { renewMs: 20 })).rejects.toMatchObject({ code: "FARM_JOB_LOCKED" });
  });

  test.each(["", "{", "[]", '{"pid":"x"}'])(
    "that cannot be read ('%s') counts as held until it falls silent",
    async (text) => {
      await using folder = await makeTemporaryFolder();
      const path = join(folder.path, "lock");
      await writeFile(path, text);
      await expect(JobLock.open(path)).rejects.toMatchObject({ code: "FARM_JOB_LOCKED" });
      await utimes(path, 1, 1);
      await using _ = await JobLock.open(path, { renewMs: 20 });
    },
  );

  test("goes to only one of many that try to take a stale one", async () => {
    await using folder = await makeTemporaryFolder();
    const path = join(folder.path, "lock");
    await writeHolder(path, elsewhere, 60);
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => JobLock.open(path, { renewMs: 20 })));
    const locks = results.filter((result) => result.status === "fulfilled").map((result) => result.value);
    expect(locks).toHaveLength(1);
    for (const lock of locks) await lock[Symbol.asyncDispose]();
    expect(await readdir(folder.path)).toEqual([]);
  });

  test("shows signs of life, notices when another process has taken it, and then leaves it alone", async () => {
    await using folder = await makeTemporaryFolder();
    const path = join(folder.path, "lock");
    await using lock = await JobLock.open(path, { renewMs: 10 });
    await utimes(path, 1, 1);
    const first = await readFile(path, "utf8");
    await expect.poll(() => readFile(path, "utf8")).not.toBe(first);

    await writeHolder(`${path}.new`, elsewhere);
    await rename(`${path}.new`, path);
    if (!lock.lost.aborted) await once(lock.lost, "abort");
    expect(lock.lost.reason).toMatchObject({ code: "FARM_JOB_LOCKED" });
    await lock[Symbol.asyncDispose]();
    expect(JSON.parse(await readFile(path, "utf8"))).toEqual(elsewhere);
  });
});

test.runIf(canLook)(
  "inspectProcess() tells a running process from an ended one and from another one with its number",
  async () => {
    const own = await ownIdentity();
    expect(await inspectProcess(own)).toBe("running");
    expect(await inspectProcess({ ...own, start: "1" })).toBe("gone");
    const ended = execa(process.execPath, ["--version"]);
    await ended;
    expect(await inspectProcess({ ...own, pid: ended.pid ?? 0 })).toBe("gone");
  },
);

test("inspectProcess() says unknown for processes it cannot see and for invalid ones", async () => {
  const own = await ownIdentity();
  const unseen = [{ boot: "x" }, { boot: null }, { namespace: "x" }, { namespace: null }, { start: null }, { pid: 0 }];
  for (const changed of [...unseen, { pid: -1 }, { pid: 0.5 }, { pid: 1e300 }]) {
    expect(await inspectProcess({ ...own, ...changed }), JSON.stringify(changed)).toBe("unknown");
  }
});
