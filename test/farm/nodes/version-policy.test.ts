import { describe, expect, test } from "vitest";
import { chooseVersion, exclusionOf, type VersionRules } from "../../../src/farm/nodes/version-policy.ts";

const rules: VersionRules = { wanted: undefined, mixVersions: false, savedBy: undefined, overrides: [], addons: [] };
const nodes = (...versions: string[]) => versions.map((blender, index) => ({ name: `node ${index}`, blender }));

describe("chooseVersion() chooses", () => {
  test.each([
    ["the version of most nodes", nodes("4.2.0", "3.4.1", "3.4.1"), {}, "3.4.1"],
    ["the newer of two versions with equally many nodes", nodes("3.4.1", "3.10.0"), {}, "3.10.0"],
    ["the wanted one", nodes("4.2.0", "4.2.0", "3.4.1"), { wanted: "3.4" }, "3.4.1"],
    ["a version that is not older than the file", nodes("3.4.1", "3.4.1", "4.2.0"), { savedBy: "4.2" }, "4.2.0"],
    ["any patch release of the version that saved the file", nodes("4.2.0"), { savedBy: "4.2" }, "4.2.0"],
    ["nothing if no node is suitable", nodes("3.4.1"), { savedBy: "4.2" }, undefined],
    [
      "nothing if the wanted version is older than the file",
      nodes("3.4.1"),
      { savedBy: "4.2", wanted: "3.4" },
      undefined,
    ],
    ["nothing without nodes", [], {}, undefined],
  ])("%s", (_, candidates, change, expected) => {
    expect(chooseVersion(candidates, { ...rules, ...change })).toBe(expected);
  });
});

describe("exclusionOf() excludes", () => {
  const node = { name: "one", blender: "3.4.1" };
  test("no node without a rule, and no node with the job's version", () => {
    expect(exclusionOf(node, undefined, rules)).toBeUndefined();
    expect(exclusionOf(node, "3.4.1", rules)).toBeUndefined();
  });

  test("another version than the job's, unless versions may be mixed", () => {
    expect(exclusionOf(node, "3.4.2", rules)).toBe("it has Blender 3.4.1, and the job renders with 3.4.2");
    expect(exclusionOf(node, "3.4.2", { ...rules, mixVersions: true })).toBeUndefined();
  });

  test("a Blender older than the file, also when versions may be mixed: it would crash", () => {
    const mixed = { ...rules, mixVersions: true, savedBy: "4.0" };
    expect(exclusionOf(node, undefined, mixed)).toContain("older than the blendfile, which Blender 4.0 saved");
  });

  test("a version that is not wanted: 3.4 is not 3.40", () => {
    expect(exclusionOf({ name: "", blender: "3.40.0" }, undefined, { ...rules, wanted: "3.4" })).toContain("3.40.0");
  });
});
