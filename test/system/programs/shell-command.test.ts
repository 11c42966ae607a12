import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runShellCommand } from "../../../src/system/programs/shell-command.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../../support/temporary-folder.ts";

const usual = { input: '{"type":"job:completed"}\n', onStderr: false };

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await makeTemporaryFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

describe.skipIf(process.platform === "win32")("a command of the user", () => {
  test("gets its input, also through a named pipe that another program reads", async () => {
    const pipe = join(folder.path, "pipe");
    await execa("mkfifo", [pipe]);
    const reader = execa("cat", [pipe], { stripFinalNewline: false });
    expect(await runShellCommand(`cat > '${pipe}'`, usual)).toBeUndefined();
    expect((await reader).stdout).toBe(usual.input);
  });

  test("need not read it, however long it is", async () => {
    expect(await runShellCommand("true", { ...usual, input: "x".repeat(1_000_000) })).toBeUndefined();
  });

  test("is run by the user's shell; by the system's if that is none", async () => {
    const file = join(folder.path, "shell");
    const run = async (SHELL: string | undefined) => {
      expect(await runShellCommand(`echo $0 > '${file}'`, { ...usual, environment: { SHELL } })).toBeUndefined();
      return (await readFile(file, "utf8")).trim();
    };
    expect(await run("/bin/bash")).toBe("/bin/bash");
    expect(await run("/usr/sbin/nologin")).toBe("/bin/sh");
    expect(await run("")).toBe("/bin/sh");
    expect(await run(undefined)).toBe("/bin/sh");
  });

  test("that fails says how", async () => {
    expect(await runShellCommand("exit 3", usual)).toBe("it exited with code 3");
    expect(await runShellCommand("kill -9 $$", usual)).toBe("it was ended by SIGKILL");
    const environment = { SHELL: join(folder.path, "gone") };
    expect(await runShellCommand("true", { ...usual, environment })).toMatch(/ENOENT/);
  });
});
