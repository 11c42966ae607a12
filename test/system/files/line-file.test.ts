import { mkdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { JobLog } from "../../../src/cli/log.ts";
import { LineFile } from "../../../src/system/files/line-file.ts";
import { fill, makeSmallDisk, whyNoDisk } from "../../frames/small-disk.ts";
import { skipBecause } from "../../support/skip.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

test("every line is in the file at once, which is its owner's only", async () => {
  await using folder = await makeTemporaryFolder();
  const path = join(folder.path, "log.ndjson");
  const file = new LineFile(path, () => {});
  file.write("one\n");
  expect(await readFile(path, "utf8")).toBe("one\n");
  file.write("two\n");
  expect(await readFile(path, "utf8")).toBe("one\ntwo\n");
  if (process.platform !== "win32") expect((await stat(path)).mode & 0o777).toBe(0o600);
  file.close(); // Windows keeps a folder with open files
});

test("a log whose job folder is made anew begins anew there", async () => {
  await using folder = await makeTemporaryFolder();
  const path = join(folder.path, "log.ndjson");
  const log = new JobLog({ level: "silent", isTerminal: false, write: () => {} });
  log.addFile(path);
  log.logger.info("of the first try");
  await rm(path); // as after a key that was wrong
  log.addFile(path);
  log.logger.info("of the second try");
  expect(await readFile(path, "utf8")).toMatch(/^[^\n]*of the second try[^\n]*\n$/);
  log.addFile(path); // closes it
});

test("lines that cannot be written are left out, told once, and the log goes on when it can", async () => {
  await using folder = await makeTemporaryFolder();
  const path = join(folder.path, "not-yet", "log.ndjson");
  const problems: string[] = [];
  const file = new LineFile(path, (message) => problems.push(message));
  file.write("one\n");
  file.write("two\n");
  expect(problems).toEqual([expect.stringContaining("ENOENT")]);
  await mkdir(join(folder.path, "not-yet"));
  file.write("three\n");
  expect((await readFile(path, "utf8")).trim()).toBe("three");
  file.close();
});

test.skipIf(skipBecause(await whyNoDisk()))(
  "a full disk under the log does not end the program, and is told once",
  async () => {
    await using disk = await makeSmallDisk();
    await fill(disk.path);
    const path = join(disk.path, "log.ndjson");
    const said: string[] = [];
    const log = new JobLog({ level: "error", isTerminal: false, write: (text) => said.push(text) });
    log.addFile(path);
    for (let line = 0; line < 100; line += 1) log.logger.info("a line");
    expect(said).toEqual([`Cannot write all of the log ${path}: ENOSPC: no space left on device, write\n`]);
  },
);

test.skipIf(process.platform === "win32")("a log that is a link is not written through", async () => {
  await using folder = await makeTemporaryFolder();
  await writeFile(join(folder.path, "bashrc"), "mine");
  await symlink("bashrc", join(folder.path, "log.ndjson"));
  const problems: string[] = [];
  const file = new LineFile(join(folder.path, "log.ndjson"), (message) => problems.push(message));
  file.write("one\n");
  expect(problems).toEqual([expect.stringContaining("it is a link")]);
  expect(await readFile(join(folder.path, "bashrc"), "utf8")).toBe("mine");
});
