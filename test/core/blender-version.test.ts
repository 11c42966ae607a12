import { expect, test } from "vitest";
import { compareVersions, isVersion, majorMinor } from "../../src/core/blender-version.ts";

test("compareVersions() compares versions number by number", () => {
  const sorted = ["2.79", "2.83.0", "3.4.1", "3.4.2", "3.10", "5.0.0"];
  expect([...sorted].reverse().sort(compareVersions)).toEqual(sorted);
  expect(compareVersions("3.4", "3.4.0")).toBe(0);
});

test("isVersion() accepts 3.4.1 as 3.4, but not 3.40", () => {
  expect(isVersion("3.4.1", "3.4")).toBe(true);
  expect(isVersion("3.4.1", "3.4.1")).toBe(true);
  expect(isVersion("3.4.1", "3.4.2")).toBe(false);
  expect(isVersion("3.40.0", "3.4")).toBe(false);
  expect(isVersion("4.4.1", "3.4")).toBe(false);
});

test("majorMinor() drops the patch release", () => {
  expect(majorMinor("3.4.1")).toBe("3.4");
  expect(majorMinor("5.0")).toBe("5.0");
});
