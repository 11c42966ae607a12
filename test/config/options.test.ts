import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { optionTable } from "../../src/config/option-table.ts";
import { flagOf, optionEntries, variables } from "../../src/config/options.ts";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

test("the README's table of flags is made from the options (node scripts/derived-files.mjs)", () => {
  expect(readme).toContain(`\n${optionTable()}\n`);
});

test("the README names each environment variable that sets a flag", () => {
  expect(variables.map(([variable]) => variable).filter((variable) => !readme.includes(`\`${variable}\``))).toEqual([]);
});

test("a farmspec, which may come from somebody else, cannot run programs, open other files or loosen security", () => {
  const settable = optionEntries.flatMap(([name, { inFarmspec }]) => (inFarmspec ? [name] : []));
  expect(settable.sort()).toEqual([
    "assetRoot", // inside its own folder: readFarmspec() checks that
    "bakeLimit",
    "blenderVersion",
    "camera",
    "checks",
    "codec",
    "crf",
    "denoise",
    "depth",
    "engine",
    "format",
    "fps",
    "frames",
    "keepFrames",
    "missing",
    "mixVersions",
    "notHere",
    "notify",
    "order",
    "passes",
    "resolution",
    "samples",
    "scene",
    "seed",
    "simplify",
    "simulations",
    "slots",
    "threads",
    "timeLimit",
    "transparent",
    "viewLayer",
  ]);
});

test("a flag is named as it is typed", () => {
  expect(["keepFrames", "saveFarmspec", "fps"].map(flagOf)).toEqual(["--keep-frames", "--no-save-farmspec", "--fps"]);
});
