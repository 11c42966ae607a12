import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { execaSync } from "execa";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Words of the inside of this program, which its users need not know, and what to say to them instead. */
const inside: Readonly<Record<string, string>> = {
  "coordinators?": "this machine, or the machine that renders the film",
  "attempts?": "a frame is rendered again, or in vain",
  "sessions?": "connection",
  "ours?|we|us": "of renderfarm, or a sentence that is about the user",
  "close code|closed with code|with code 1\\d\\d\\d|websockets?": "the connection broke",
  "the link (to|was|is)|on this link|another link": "connection",
  "handshakes?": "what failed: the key, the connection",
  "blobs?": "file",
  "sha-?256|digests?": "checksum",
  "requeued?": "rendered again",
};

/** Texts that only developers see: of bugs, and of the scheduler's own checks. */
const forDevelopers = /\b(new|raise) (Error|ValueError|TypeError|AssertionError)\(|^\s*must\(|\bassert\b/;
const files = execaSync("git", ["ls-files", "src/*.ts", "blender_scripts/*.py"], { cwd: root })
  .stdout.split("\n")
  .filter((file) => !/vendor\/|scheduler\/state\/invariants\.ts$/.test(file));

/** The texts of a file with three words or more, without what is filled in, and their lines. */
function textsOf(file: string): { readonly line: number; readonly text: string }[] {
  const source = readFileSync(`${root}/${file}`, "utf8");
  const blank = (comment: string) => comment.replace(/[^\n]/g, " ");
  const code = file.endsWith(".ts")
    ? source.replace(/\/\*[\s\S]*?\*\//g, blank).replace(/(^|\s)\/\/.*/g, blank)
    : source.replace(/"""[\s\S]*?"""/g, blank).replace(/(^|\s)#.*/g, blank);
  return code.split("\n").flatMap((line, index) => {
    if (forDevelopers.test(line)) return [];
    const texts = [...line.matchAll(/"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g)].map(
      ([, one, other]) => one ?? other ?? "",
    );
    return texts
      .map((text) => text.replace(/\$?\{[^{}]*\}/g, "…"))
      .filter((text) => text.trim().split(/\s+/).length >= 3)
      .map((text) => ({ line: index + 1, text }));
  });
}

test("what users read has no words of the inside", () => {
  expect(files.length).toBeGreaterThan(400);
  const patterns = Object.entries(inside).map(
    ([word, instead]) => [new RegExp(`\\b(${word})\\b`, "i"), instead] as const,
  );
  const texts = files.flatMap((file) => textsOf(file).map((found) => ({ file, ...found })));
  expect(texts.length).toBeGreaterThan(800);
  const found = texts.flatMap(({ file, line, text }) =>
    patterns
      .filter(([pattern]) => pattern.test(text))
      .map(([pattern, instead]) => `${file}:${line}: "${pattern.exec(text)?.[0]}" in "${text}": ${instead}`),
  );
  expect(found).toEqual([]);
});
