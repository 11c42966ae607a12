import { createHash } from "node:crypto";
import { readFile, rename, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AssetCopies } from "../../src/assets/asset-copies.ts";
import { DigestCache } from "../../src/assets/digest-cache.ts";
import * as hashing from "../../src/system/files/hash-file.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const anHour = 3_600_000;

let folder: TemporaryFolder;
const pathOf = (name: string) => join(folder.path, name);

beforeEach(async () => {
  folder = await makeTemporaryFolder();
  vi.spyOn(Date, "now").mockReturnValue(Date.now() + anHour); // the files were not written just now
});
afterEach(async () => {
  vi.restoreAllMocks();
  await folder[Symbol.asyncDispose]();
});

test("a second job reads no file that has not changed", async () => {
  await writeFile(pathOf("wood.png"), "wood");
  const first = DigestCache.open(pathOf("config"));
  expect(await first.digestOf(pathOf("wood.png"))).toBe(sha256("wood"));
  await first.save();

  const read = vi.spyOn(hashing, "hashFile");
  expect(await DigestCache.open(pathOf("config")).digestOf(pathOf("wood.png"))).toBe(sha256("wood"));
  expect(read).not.toHaveBeenCalled();
});

test.each<[string, () => Promise<void>]>([
  ["other contents of the same length", () => writeFile(pathOf("wood.png"), "moss")],
  [
    "another file of the same length and time in its place",
    async () => {
      await writeFile(pathOf("other.png"), "moss");
      await utimes(pathOf("other.png"), 1, 1);
      await rename(pathOf("other.png"), pathOf("wood.png"));
    },
  ],
])("a file with %s is read again", async (_, change) => {
  await writeFile(pathOf("wood.png"), "wood");
  await utimes(pathOf("wood.png"), 1, 1);
  const digests = DigestCache.open(pathOf("config"));
  await digests.digestOf(pathOf("wood.png"));
  await change();
  expect(await digests.digestOf(pathOf("wood.png"))).toBe(sha256("moss"));
});

test("a file that was written just now is read each time: a second change might not show in its times", async () => {
  vi.restoreAllMocks();
  await writeFile(pathOf("wood.png"), "wood");
  const digests = DigestCache.open(pathOf("config"));
  await digests.digestOf(pathOf("wood.png"));
  expect(await digests.lookAt(pathOf("wood.png"))).toMatchObject({ known: undefined });
});

test("a damaged cache counts as empty", async () => {
  const digests = DigestCache.open(pathOf("config"));
  await writeFile(pathOf("wood.png"), "wood");
  await digests.digestOf(pathOf("wood.png"));
  await digests.save();
  await writeFile(pathOf("config/file-digests.json"), '{"/x":["1"]}');
  expect(await DigestCache.open(pathOf("config")).lookAt(pathOf("wood.png"))).toMatchObject({ known: undefined });
});

test("a copy has the bytes that its digest is of, even if the original is saved again", async () => {
  await writeFile(pathOf("wood.png"), "wood");
  const copies = new AssetCopies(folder.path, DigestCache.open(pathOf("config")), 1_000);
  const blob = await copies.take(pathOf("wood.png"));
  await writeFile(pathOf("wood.png"), "moss");
  expect(blob).toEqual({
    path: pathOf(sha256("wood")),
    name: "wood.png",
    source: pathOf("wood.png"),
    sha256: sha256("wood"),
    sizeBytes: 4,
  });
  expect(await readFile(blob.path, "utf8")).toBe("wood");
  expect(await copies.take(pathOf("wood.png"))).toMatchObject({ sha256: sha256("moss") });
});

test("without space for a copy, or a file system that clones, the original is sent", async () => {
  await writeFile(pathOf("wood.png"), "wood");
  const cannotClone = vi.spyOn(await import("../../src/system/files/held-files.ts"), "cloneToNew");
  cannotClone.mockRejectedValue(new Error("ENOTSUP"));
  const copies = new AssetCopies(folder.path, DigestCache.open(pathOf("config")), 3);
  const path = pathOf("wood.png");
  expect(await copies.take(path)).toEqual({
    path,
    original: path,
    name: "wood.png",
    source: path,
    sha256: sha256("wood"),
    sizeBytes: 4,
  });
});
