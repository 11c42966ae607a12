import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { execaSync } from "execa";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * Words that this project does not use, with the ones to use instead. They were names of its own that a newcomer to the
 * code had to learn; the others are the field's. Matched in any case, also as a part of a name (`takeIn`, `take_in`).
 */
const replaced: Readonly<Record<string, string>> = {
  muster: "version gate",
  gathering: "fleet",
  standings: "node status",
  newcomer: "rate limiter",
  "seen.?places": "seen addresses",
  "door.?keeper": "connection limits",
  stranger: "unauthenticated client",
  mercy: "blame",
  patience: "timeouts",
  "share.?the.?tail": "steal or speculate",
  praise: "record success",
  "\\bleftover\\b(?!s)": "of a previous run",
  doubtful: "ambiguous",
  invented: "unknown",
  reoffer: "refetch",
  unbegun: "unstarted",
  "result.?desk": "fetch queue",
  "take.?in\\b": "fetch result",
  "(output|encode).?lane": "output writer",
  "encode.?along(?!side)": "encode incrementally",
  "\\bteller\\b": "reporter",
  interview: "prompts",
  "left.?at.?prompt": "prompt cancelled",
  "\\bmend": "fix",
  surroundings: "context",
  "job.?news": "event publisher",
  "\\baudience": "listeners",
  "\\bnews\\b": "notice",
  "efforts\\b": "pending attempt time",
  "troubles\\b": "node problems",
  "\\btraces\\b": "created folders",
  "\\bproduce\\(": "run the job",
  "\\bsettl(e|es|ed|ing)\\b": "resolve, configure, write or start, by what is meant",
  "left out": "excluded, omitted, skipped or dropped, by what is meant",
  "\\bstranded\\b": "excluded",
  "not usable": "excluded, with the reason",
  "(the|of|all|more|many|few|mostly|\\d|max.?)tries\\b|\\b(the|of|all|more|many|few|\\d+) tries\\b": "attempts",
  "goes on|went on\\b": "continues",
};

/** Ordinary English, or a name that is not ours. */
const allowed: readonly RegExp[] = [];

const files = execaSync("git", ["ls-files", "*.ts", "*.mjs", "*.py", "*.sh", "*.md", "*.json", "*.yml"], { cwd: root })
  .stdout.split("\n")
  .filter(
    (file) => !/^(test\/words\.test\.ts|CHANGELOG\.md|package-lock\.json|blender_scripts\/vendor\/.*)$/.test(file),
  );

test("code, comments and docs use the field's words", () => {
  expect(files.length).toBeGreaterThan(500);
  const patterns = Object.entries(replaced).map(([word, instead]) => [new RegExp(word, "i"), instead] as const);
  const found = files.flatMap((file) =>
    readFileSync(`${root}/${file}`, "utf8")
      .split("\n")
      .flatMap((line, index) => {
        const plain = allowed.reduce((text, ordinary) => text.replace(ordinary, ""), line);
        return patterns
          .filter(([pattern]) => pattern.test(plain))
          .map(([pattern, instead]) => `${file}:${index + 1}: ${plain.match(pattern)?.[0]} → ${instead}`);
      }),
  );
  expect(found).toEqual([]);
});
