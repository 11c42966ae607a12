import { expect, test } from "vitest";
import { areSuffixes, hasNumber, nameOfPicture } from "../../../src/core/pictures/picture-names.ts";

test.each([
  ["beauty0007.png", 7, "beauty0007.png"],
  ["sub/beauty0007_L.png", 7, "sub/beauty0007_L.png"],
  ["depth-0007.exr", 7, "depth-0007.exr"],
  ["depth-007.exr", -7, "depth-007.exr"],
  ["last.png", 7, "last.0007.png"],
  ["last", -7, "last.-0007"],
  ["shot7/last.png", 7, "shot7/last.0007.png"],
  ["x0101.png", 1, "x0101.0001.png"],
  ["x0107.png", 7, "x0107.0007.png"],
  [".hidden", 7, ".hidden.0007"],
])("%s of frame %i becomes %s", (name, frame, expected) => {
  expect(nameOfPicture(name, frame)).toBe(expected);
});

test("a number counts whole, not its end", () => {
  expect(hasNumber("z0012.tga", new Set([12]))).toBe(true);
  expect(hasNumber("z0012.tga", new Set([2, 1, 120]))).toBe(false);
});

test.each([
  [["_L", "_R"], true],
  [[""], true],
  [["_L", "_l"], false],
  [["/a", "b"], false],
  [["..\\a"], false],
  [["a:b"], false],
  [["a\n"], false],
  [["x".repeat(65)], false],
])("areSuffixes(%j) is %s", (suffixes, expected) => {
  expect(areSuffixes(suffixes)).toBe(expected);
});
