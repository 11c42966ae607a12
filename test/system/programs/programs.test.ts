import { mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { askProgram } from "../../../src/system/programs/ask-program.ts";
import { killTree } from "../../../src/system/programs/end-program.ts";
import { startProgram } from "../../../src/system/programs/start-program.ts";
import { skipBecause } from "../../support/skip.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../../support/temporary-folder.ts";

const onLinux = process.platform === "linux";
const quiet = { stdin: "ignore", stdout: "ignore", stderr: "ignore", reject: false } as const;

describe.skipIf(skipBecause(onLinux ? undefined : "process groups are read from /proc"))("startProgram()", () => {
  test.each([
    ["linux", true],
    ["darwin", true],
    // A detached program has no console there, and the output of a launcher's own program is lost.
    ["win32", false],
  ] as const)("on %s gives a program its own group: %s", async (platform, hasOwn) => {
    const child = startProgram("sleep", ["60"], quiet, platform);
    const stat = await readFile(`/proc/${child.pid}/stat`, "utf8");
    const [, , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    child.kill("SIGKILL");
    await child;
    expect(Number(group) === child.pid).toBe(hasOwn);
  });
});

test("askProgram() says why the system refused to start a program", async () => {
  const tooLong = "x".repeat(3_000_000); // no system passes so many letters to a program, and each says so in its words
  const answer = await askProgram(process.execPath, [tooLong], { timeoutMs: 10_000 });
  expect(answer).toMatchObject({ stdout: "", failed: true, why: expect.stringMatching(onLinux ? /E2BIG/ : /^/) });
});

describe.skipIf(skipBecause(onLinux ? undefined : "a shell script stands in for taskkill"))(
  "killTree() on Windows",
  () => {
    let folder: TemporaryFolder;
    const path = process.env.PATH;

    beforeEach(async () => {
      folder = await makeTemporaryFolder();
      await mkdir(join(folder.path, "bin"));
      process.env.PATH = [join(folder.path, "bin"), path].join(delimiter);
    });
    afterEach(async () => {
      process.env.PATH = path;
      await folder[Symbol.asyncDispose]();
    });

    const taskkill = async (script: string) =>
      await writeFile(join(folder.path, "bin/taskkill"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });

    test("also ends what a launcher has started, which no signal would reach", async () => {
      const asked = join(folder.path, "asked");
      await taskkill(`echo "$@" > '${asked}'; kill -9 "$2"`);
      const child = startProgram("sleep", ["60"], quiet);
      killTree(child, "SIGTERM", "win32");
      expect((await child).signal).toBe("SIGKILL");
      expect(await readFile(asked, "utf8")).toBe(`/PID ${child.pid} /T /F\n`);
    });

    test("ends only the program where there is no such command, or it fails", async () => {
      await taskkill("exit 1");
      const child = startProgram("sleep", ["60"], quiet);
      killTree(child, "SIGKILL", "win32");
      expect((await child).signal).toBe("SIGKILL");
    });
  },
);
