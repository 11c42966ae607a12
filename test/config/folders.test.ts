import { isAbsolute, resolve } from "node:path";
import { expect, test } from "vitest";
import { foldersOf, usualFolders } from "../../src/config/folders.ts";

test("foldersOf() uses the folders from the environment, made absolute, or else the usual ones", () => {
  const usual = foldersOf({});
  expect(isAbsolute(usual.config) && isAbsolute(usual.cache)).toBe(true);
  expect(usual.config).not.toBe(usual.cache);
  expect(foldersOf({ RENDERFARM_CONFIG_DIR: "c", RENDERFARM_CACHE_DIR: "/d" })).toEqual({
    config: resolve("c"),
    cache: resolve("/d"),
  });
  expect(foldersOf({ RENDERFARM_CONFIG_DIR: "", RENDERFARM_CACHE_DIR: "" })).toEqual(usual);
});

test.each([
  ["linux", {}, "/h/.config/renderfarm", "/h/.cache/renderfarm"],
  ["linux", { XDG_CONFIG_HOME: "/x", XDG_CACHE_HOME: "/y" }, "/x/renderfarm", "/y/renderfarm"],
  ["linux", { XDG_CONFIG_HOME: "", XDG_CACHE_HOME: "" }, "/h/.config/renderfarm", "/h/.cache/renderfarm"],
  ["darwin", {}, "/h/Library/Preferences/renderfarm", "/h/Library/Caches/renderfarm"],
  ["win32", { APPDATA: "/r", LOCALAPPDATA: "/l" }, "/r/renderfarm/Config", "/l/renderfarm/Cache"],
  ["win32", {}, "/h/AppData/Roaming/renderfarm/Config", "/h/AppData/Local/renderfarm/Cache"],
] as const)("the usual folders on %s with %j are the same as the node's", (platform, environment, config, cache) => {
  expect(usualFolders(platform, environment, "/h")).toEqual({ config, cache });
});
