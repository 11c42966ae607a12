import { mkdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { JobLog } from "../../../src/cli/log.ts";
import { LineFile } from "../../../src/system/files/line-file.ts";
import { fill, makeSmallDisk, whyNoDisk } from "../../frames/small-disk.ts";
import { skipBecause } from "../../support/skip.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

test("every line is in the file at once, and only its owner can read it", async () => {
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

test("a log whose job folder is recreated starts again there", async () => {
  await using folder = await makeTemporaryFolder();
  const path = join(folder.path, "log.ndjson");
  const log = new JobLog({ level: "silent", isTerminal: false, write: () => {} });
  log.addFile(path);
  log.logger.info("of the first attempt");
  await rm(path); // as after a wrong key
  log.addFile(path);
  log.logger.info("of the second attempt");
  expect(await readFile(path, "utf8")).toMatch(/^[^\n]*of the second attempt[^\n]*\n$/);
  log.addFile(path); // closes it
});

test("lines that cannot be written are dropped and reported once, and the log continues when it can", async () => {
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
  "a full disk under the log does not end the program, and is reported once",
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

test.skipIf(process.platform === "win32")("a log that is a symlink is not written to", async () => {
  await using folder = await makeTemporaryFolder();
  await writeFile(join(folder.path, "bashrc"), "mine");
  await symlink("bashrc", join(folder.path, "log.ndjson"));
  const problems: string[] = [];
  const file = new LineFile(join(folder.path, "log.ndjson"), (message) => problems.push(message));
  file.write("one\n");
  expect(problems).toEqual([expect.stringContaining("it is a link")]);
  expect(await readFile(join(folder.path, "bashrc"), "utf8")).toBe("mine");
});
