import { describe, expect, test } from "vitest";
import { chooseVersion, exclusionOf, type VersionRules } from "../../../src/farm/nodes/version-policy.ts";

const rules: VersionRules = { wanted: undefined, mixVersions: false, savedBy: undefined };
const nodes = (...versions: string[]) => versions.map((blender, index) => ({ name: `node ${index}`, blender }));

describe("chooseVersion() takes", () => {
  test.each([
    ["that of most nodes", nodes("4.2.0", "3.4.1", "3.4.1"), {}, "3.4.1"],
    ["the newer one of two with as many nodes", nodes("3.4.1", "3.10.0"), {}, "3.10.0"],
    ["the wanted one", nodes("4.2.0", "4.2.0", "3.4.1"), { wanted: "3.4" }, "3.4.1"],
    ["none that is older than the file", nodes("3.4.1", "3.4.1", "4.2.0"), { savedBy: "4.2" }, "4.2.0"],
    ["a patch release before the one that saved", nodes("4.2.0"), { savedBy: "4.2" }, "4.2.0"],
    ["nothing when nobody is fit", nodes("3.4.1"), { savedBy: "4.2" }, undefined],
    [
      "nothing when the wanted one is older than the file",
      nodes("3.4.1"),
      { savedBy: "4.2", wanted: "3.4" },
      undefined,
    ],
    ["nothing of nobody", [], {}, undefined],
  ])("%s", (_, candidates, change, expected) => {
    expect(chooseVersion(candidates, { ...rules, ...change })).toBe(expected);
  });
});

describe("refusalOf() leaves out", () => {
  const node = { name: "one", blender: "3.4.1" };
  test("nobody without a rule, and nobody with the job's version", () => {
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

  test("what is not wanted: 3.4 is no 3.40", () => {
    expect(exclusionOf({ name: "", blender: "3.40.0" }, undefined, { ...rules, wanted: "3.4" })).toContain("3.40.0");
  });
});
