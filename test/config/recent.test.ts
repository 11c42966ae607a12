import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { recentBlends, rememberBlend } from "../../src/config/recent.ts";
import { modeForOthers } from "../support/file-modes.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";

let folder: TemporaryFolder;
let config: string;
beforeEach(async () => {
  folder = await makeTemporaryFolder();
  config = join(folder.path, "config");
});
afterEach(() => folder[Symbol.asyncDispose]());

test("rememberBlend() keeps at most twenty blendfiles, each once, the last used first", async () => {
  expect(await recentBlends(config)).toEqual([]);
  for (const name of ["a", "b", "c", "a"]) await rememberBlend(config, `/${name}.blend`);
  expect(await recentBlends(config)).toEqual(["/a.blend", "/c.blend", "/b.blend"]);
  for (let count = 0; count < 30; count += 1) await rememberBlend(config, `/${count}.blend`);
  expect((await recentBlends(config)).length).toBe(20);
  expect((await recentBlends(config))[0]).toBe("/29.blend");
  expect(await modeForOthers(join(config, "recent-blendfiles.json"))).toBe(0);
});

test("a damaged list is ignored and replaced", async () => {
  await mkdir(config);
  const file = join(config, "recent-blendfiles.json");
  for (const broken of ["", "{", '{"a":1}', '[1,{"x":2}]']) {
    await writeFile(file, broken);
    expect(await recentBlends(config)).toEqual([]);
  }
  await rememberBlend(config, "/a.blend");
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual(["/a.blend"]);
});

test("an unwritable config folder is not an error: nothing is remembered", async () => {
  await writeFile(config, "a file where the folder should be");
  await rememberBlend(config, "/a.blend");
  expect(await recentBlends(config)).toEqual([]);
});
