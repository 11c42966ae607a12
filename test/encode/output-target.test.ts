import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { prepareFolder } from "../../src/encode/output-target.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

test("prepareFolder() makes all that is missing, also when several do it at once", async () => {
  await using folder = await makeTemporaryFolder();
  const deep = join(folder.path, "a", "b", "c");
  await Promise.all([prepareFolder(deep), prepareFolder(deep), prepareFolder(join(folder.path, "a"))]);
  expect((await stat(deep)).isDirectory()).toBe(true);
});

test("prepareFolder() refuses a place below a file", async () => {
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
