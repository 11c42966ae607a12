import { stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeFolders } from "../../../src/system/files/folders.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

test("makeFolders() creates all missing folders with the mode, and accepts existing ones", async () => {
  await using folder = await makeTemporaryFolder();
  const path = join(folder.path, "a/b/c");
  await makeFolders(path, 0o700);
  await makeFolders(path);
  expect((await stat(path)).isDirectory()).toBe(true);
  if (process.platform !== "win32") expect((await stat(join(folder.path, "a"))).mode & 0o777).toBe(0o700);
});

test.skipIf(process.platform !== "linux")(
  "makeFolders() fails, and does not hang, where the system allows no folders",
  async () => {
    await expect(makeFolders("/proc/renderfarm/config", 0o700)).rejects.toMatchObject({ code: "ENOENT" });
  },
);
