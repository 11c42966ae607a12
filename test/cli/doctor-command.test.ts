import { expect, test } from "vitest";
import { findingText } from "../../src/cli/doctor-command.ts";
import { hostileLines, hostileText, obeyedIn } from "../support/hostile-texts.ts";

test("a finding is a line, with another one that says what mends it", () => {
  expect(findingText({ what: "Disk", state: "good", detail: "9 GB free" })).toBe("ok       Disk: 9 GB free\n");
  expect(findingText({ what: "Farm key", state: "warning", detail: "none", mend: "renderfarm key set" })).toBe(
    "warning  Farm key: none\n         -> renderfarm key set\n",
  );
});

test("and holds nothing that a terminal obeys, whatever programs, files and nodes are called", () => {
  const text = findingText({ what: "FFmpeg", state: "problem", detail: hostileLines, mend: hostileText });
  expect(text).toMatch(/^PROBLEM {2}FFmpeg: evil.*\n {2}Done in 1 s/);
  expect(obeyedIn(text)).toEqual([]);
});
