import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  closeHolder,
  discard,
  isHeld,
  openFile,
  removeEmptyFolder,
  removeFile,
  renameFile,
  whileHeld,
} from "../../../src/system/files/held-files.ts";
import { replaceFile } from "../../../src/system/files/whole-file.ts";
import { busyFileProblem, makeBusy } from "../../support/busy-file.ts";
import { skipBecause } from "../../support/skip.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../../support/temporary-folder.ts";

let folder: TemporaryFolder;
const pathOf = (name: string) => join(folder.path, name);

beforeEach(async () => {
  folder = await makeTemporaryFolder();
});
afterEach(async () => {
  await folder[Symbol.asyncDispose]();
});

/** Fails a number of times with a system error, as Windows does for a file that another program has open. */
function heldFor(failures: number, code: string) {
  let tried = 0;
  const operation = async () => {
    tried += 1;
    if (tried <= failures) throw Object.assign(new Error(`${code}: resource busy or locked`), { code });
    return tried;
  };
  return { operation, tried: () => tried };
}

test.each(["EBUSY", "EPERM", "EACCES"])(
  "what Windows refuses with %s is retried until the file is released",
  async (code) => {
    const held = heldFor(3, code);
    expect(await whileHeld(held.operation, "win32")).toBe(4);
  },
);

test("a file that stays open is an error in the end, and any other problem is one at once", async () => {
  const held = heldFor(100, "EBUSY");
  await expect(whileHeld(held.operation, "win32")).rejects.toMatchObject({ code: "EBUSY" });
  expect(held.tried()).toBeGreaterThan(5);
  const full = heldFor(100, "ENOSPC");
  await expect(whileHeld(full.operation, "win32")).rejects.toMatchObject({ code: "ENOSPC" });
  expect(full.tried()).toBe(1);
});

test.each(["EPERM", "EACCES"])("outside Windows, %s is about permissions and is not retried", async (code) => {
  const refused = heldFor(100, code);
  await expect(whileHeld(refused.operation, "linux")).rejects.toMatchObject({ code });
  expect(refused.tried()).toBe(1);
  expect([isHeld(code, "linux"), isHeld(code, "win32"), isHeld("EBUSY", "darwin")]).toEqual([false, true, true]);
});

test("the hint names the programs that may have this kind of file open", () => {
  expect(closeHolder("/films/out.MP4")).toMatch(/out\.MP4 open.*player/);
  expect(closeHolder("/films/0001.png")).toMatch(/viewer/);
  expect(closeHolder("/films/out.mp4.renderfarm/job.json")).toMatch(/virus scanner/);
});

describe.skipIf(skipBecause(busyFileProblem))("a really busy file", () => {
  test.each([
    ["renamed over", (path: string) => renameFile(pathOf("new"), path)],
    ["replaced by a whole file", (path: string) => replaceFile(path, "new")],
    ["removed", removeFile],
  ])("is %s as soon as it is released", async (_, operation) => {
    await writeFile(pathOf("file"), "old");
    await writeFile(pathOf("new"), "new");
    const letGo = await makeBusy(pathOf("file"));
    const done = operation(pathOf("file"));
    let isDone = false;
    done.then(
      () => {
        isDone = true;
      },
      () => {},
    );
    await new Promise((resolve) => setTimeout(resolve, 50)); // time in which it must not be done
    expect(isDone).toBe(false);
    await letGo();
    await done;
    expect(await readFile(pathOf("file"), "utf8").catch(() => "gone")).toBe(operation === removeFile ? "gone" : "new");
  });

  test("stays where it is when it was only to be discarded, and nothing is thrown", async () => {
    await writeFile(pathOf("file"), "old");
    const letGo = await makeBusy(pathOf("file"));
    await discard(pathOf("file"));
    await letGo();
    expect(await readdir(folder.path)).toContain("file");
  });
});

test("what is not held is done at once: a new file, an empty folder, a missing file", async () => {
  await (await openFile(pathOf("made"), "wx")).close();
  await mkdir(pathOf("empty"));
  await removeEmptyFolder(pathOf("empty"));
  await removeFile(pathOf("never there"));
  expect(await readdir(folder.path)).toEqual(["made"]);
});
