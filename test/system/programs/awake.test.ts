import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { keepAwake } from "../../../src/system/programs/awake.ts";
import { compileSources } from "../../support/compile-sources.ts";
import { skipBecause } from "../../support/skip.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../../support/temporary-folder.ts";
import { waitFor } from "../../support/wait-for.ts";

const problem = process.platform === "win32" ? "shell scripts stand in for the system's programs" : undefined;

describe.skipIf(skipBecause(problem))("keepAwake()", () => {
  let folder: TemporaryFolder;
  let told: string[];
  const path = process.env.PATH ?? "";
  const pathOf = (name: string) => join(folder.path, name);

  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    told = [];
    await mkdir(pathOf("bin"));
    process.env.PATH = [pathOf("bin"), path].join(delimiter);
  });
  afterEach(async () => {
    process.env.PATH = path;
    await folder[Symbol.asyncDispose]();
  });

  /** Installs a stand-in for a system program, which writes down its arguments. */
  const install = async (name: string, script: string) =>
    await writeFile(pathOf(`bin/${name}`), `#!/bin/sh\necho $$ "$@" > '${pathOf("asked")}'\n${script}\n`, {
      mode: 0o755,
    });

  const start = (platform: NodeJS.Platform, hasSystemd = true) =>
    keepAwake({ platform, hasSystemd, onAwake: () => told.push("awake"), onRefused: (why) => told.push(why) });

  const asked = async () => {
    const read = () => readFile(pathOf("asked"), "utf8").catch(() => "");
    await waitFor(async () => (await read()) !== "", "a program to be started");
    const [pid, ...args] = (await read()).trim().split(" ");
    return { pid: Number(pid), args: args.join(" ") };
  };

  const lives = (pid: number) => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };

  test.each([
    ["linux", "systemd-inhibit", /--what=sleep:idle .*--mode=block cat$/],
    ["darwin", "caffeinate", new RegExp(`-i -s -w ${process.pid}$`)],
    ["win32", "powershell", /-NonInteractive .*-EncodedCommand \S+$/],
  ] as const)("on %s uses %s, says so, and releases it at the end", async (platform, program, expected) => {
    // Two processes, as systemd-inhibit and the command that it runs.
    await install(program, `(echo $(sh -c 'echo $PPID') > '${pathOf("inner")}'; exec cat)\nexit 0`);
    {
      await using _awake = start(platform);
      const { args } = await asked();
      expect(args).toMatch(expected);
      await expect.poll(() => told, { timeout: 20_000 }).toEqual(["awake"]);
    }
    for (const pid of [(await asked()).pid, Number(await readFile(pathOf("inner"), "utf8"))]) {
      await expect.poll(() => lives(pid), { timeout: 20_000 }).toBe(false);
    }
  });

  test("Windows is asked to keep the system awake until our end of the pipe closes", async () => {
    await install("powershell", "exec cat");
    await using _awake = start("win32");
    const encoded = (await asked()).args.split(" ").at(-1) ?? "";
    const script = Buffer.from(encoded, "base64").toString("utf16le");
    expect(script).toContain(`SetThreadExecutionState([uint32]${0x80000001})`);
    expect(script.trim().split("\n").at(-1)).toContain("ReadToEnd()");
  });

  test("one warning with the error of the system when it refuses", async () => {
    await install("systemd-inhibit", "echo 'Failed to inhibit: Access denied' >&2; exit 1");
    await using _awake = start("linux");
    await expect.poll(() => told, { timeout: 20_000 }).toEqual(["Failed to inhibit: Access denied"]);
  });

  test("nothing is started or said where there is no way to ask, or no such program", async () => {
    await install("systemd-inhibit", "exec cat");
    {
      await using _container = start("linux", false);
      process.env.PATH = pathOf("nowhere");
      await using _bare = start("darwin");
      await delay(100); // time in which nothing must be asked
    }
    expect([told, existsSync(pathOf("asked"))]).toEqual([[], false]);
  });

  test("the program that keeps the machine awake ends when ours is killed", async () => {
    await install("systemd-inhibit", "cat; exit 0");
    const program = await compileSources("test/system/programs/awake-program.mjs", pathOf("program"));
    const coordinator = execa(process.execPath, [program], { reject: false });
    const { pid } = await asked();
    coordinator.kill("SIGKILL");
    await coordinator;
    await expect.poll(() => lives(pid), { timeout: 20_000 }).toBe(false);
  });
});
