import { readdir, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { moveIntoPlace, prepareFolder, prepareTarget, removeParts } from "../../src/encode/output-target.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

const job = "0123456789abcdef0123456789abcdef";

test("prepareFolder() makes all missing folders, even with several calls at once", async () => {
  await using folder = await makeTemporaryFolder();
  const deep = join(folder.path, "a", "b", "c");
  await Promise.all([prepareFolder(deep), prepareFolder(deep), prepareFolder(join(folder.path, "a"))]);
  expect((await stat(deep)).isDirectory()).toBe(true);
});

test("prepareFolder() refuses a path below a file", async () => {
  await using folder = await makeTemporaryFolder();
  await writeFile(join(folder.path, "file"), "");
  await expect(prepareFolder(join(folder.path, "file", "a", "b"))).rejects.toMatchObject({
    code: "FARM_OUTPUT_UNWRITABLE",
    exitCode: 2,
  });
});

test.runIf(process.platform === "linux").each(["/proc/a", "/proc/a/b/c"])(
  "prepareFolder() refuses %s, and does not hang",
  async (folder) => {
    await expect(prepareFolder(folder)).rejects.toMatchObject({ code: "FARM_OUTPUT_UNWRITABLE", exitCode: 2 });
  },
);

test("two outputs with the same beginning have different part files, and removing one keeps the other", async () => {
  await using folder = await makeTemporaryFolder();
  const beginning = "a-long-name-".repeat(12);
  const targets = await Promise.all(
    ["one.mp4", "two.mp4"].map((end) => prepareTarget(join(folder.path, beginning + end), job, false)),
  );
  for (const { partPath } of targets) await writeFile(partPath, "a part");
  expect((await readdir(folder.path)).length).toBe(2);
  await removeParts(targets[0] ?? expect.fail());
  expect(await readdir(folder.path)).toEqual([basename(targets[1]?.partPath ?? "")]);
});

test.each(["ああ".repeat(40), "a".repeat(240), "🎬".repeat(60), "e\u0301".repeat(80)])(
  "the part file of a video named '%s' has a name that file systems accept",
  async (name) => {
    await using folder = await makeTemporaryFolder();
    const { path, partPath } = await prepareTarget(join(folder.path, `${name}.mp4`), job, false);
    expect(Buffer.byteLength(basename(partPath))).toBeLessThan(143); // the limit of eCryptfs
    await writeFile(partPath, "a video");
    await moveIntoPlace({ path, partPath }, false);
    expect(await readdir(folder.path)).toEqual([`${name}.mp4`]);
  },
);

test("a name that no file system accepts is refused, with what to do", async () => {
  await using folder = await makeTemporaryFolder();
  await expect(prepareTarget(join(folder.path, `${"あ".repeat(100)}.mp4`), job, false)).rejects.toMatchObject({
    code: "FARM_OUTPUT_UNWRITABLE",
    hint: expect.stringContaining("shorter name"),
  });
});
