import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { isPortablePath } from "../../../src/core/paths/portable-path.ts";

/** Paths and whether a project may have them; the node's tests read the same file. */
const paths: [path: string, isAllowed: boolean][] = JSON.parse(
  readFileSync(new URL("../../fixtures/project-paths.json", import.meta.url), "utf8"),
);

test.each([...paths, ["x".repeat(255), true], ["x".repeat(256), false], ["é".repeat(128), false]] as const)(
  "%j may be a path in a project: %s",
  (path, isAllowed) => {
    expect(isPortablePath(path)).toBe(isAllowed);
  },
);

test("a path in a project has at most 1,024 characters", () => {
  const path = Array.from({ length: 11 }, () => "x".repeat(100)).join("/");
  expect([isPortablePath(path.slice(0, 1_024)), isPortablePath(path.slice(0, 1_025))]).toEqual([true, false]);
});
