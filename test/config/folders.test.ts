import { isAbsolute, resolve } from "node:path";
import { expect, test } from "vitest";
import { foldersOf } from "../../src/config/folders.ts";

test("foldersOf() takes what the environment says, made absolute, and the usual places otherwise", () => {
  const usual = foldersOf({});
  expect(isAbsolute(usual.config) && isAbsolute(usual.cache)).toBe(true);
  expect(usual.config).not.toBe(usual.cache);
  expect(foldersOf({ RENDERFARM_CONFIG_DIR: "c", RENDERFARM_CACHE_DIR: "/d" })).toEqual({
    config: resolve("c"),
    cache: resolve("/d"),
  });
  expect(foldersOf({ RENDERFARM_CONFIG_DIR: "", RENDERFARM_CACHE_DIR: "" })).toEqual(usual);
});
