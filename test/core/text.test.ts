import { execa } from "execa";
import { expect, test } from "vitest";
import { counted, printable, printableJson, printableLines, shellQuoted, shorten } from "../../src/core/text.ts";

test("printable() escapes control and direction characters, and changes nothing else", () => {
  expect(printable("a\u001b[2Jb\nc\r\td\u007f\u009b")).toBe("a\\u001b[2Jb\\u000ac\\u000d\\u0009d\\u007f\\u009b");
  expect(printable("x\u202eexe.\u2066\u200f\u2028\u061c")).toBe("x\\u202eexe.\\u2066\\u200f\\u2028\\u061c");
  expect(printable("Büro 2 – 日本 🎬 #\\")).toBe("Büro 2 – 日本 🎬 #\\");
});

test("printableLines() keeps line breaks, and indents all lines but the first", () => {
  expect(printableLines("a\u001b\nDone\n  set in\r\n")).toBe("a\\u001b\n  Done\n  set in\\u000d\n  ");
});

test("printableJson() writes equal JSON without characters that a terminal obeys", () => {
  const value = { text: "\u001b\u007f\u009b2J\u202e\u2029 büro 🎬 \\u009b\n", list: [1, null] };
  const json = printableJson(value);
  expect(json).toMatch(/^[^\p{Cc}\u202e\u2029]+$/u);
  expect(json).toContain("büro 🎬");
  expect(JSON.parse(json)).toEqual(value);
  expect(printableJson([1], 1)).toBe("[\n 1\n]");
});

test("counted() uses the plural except for one", () => {
  expect([0, 1, 2].map((count) => counted(count, "frame"))).toEqual(["0 frames", "1 frame", "2 frames"]);
});

test("shorten() keeps short texts, and marks where it cut a long one", () => {
  expect([shorten("abc", 3), shorten("abcd", 3)]).toEqual(["abc", "ab…"]);
});

test.skipIf(process.platform === "win32")(
  "shellQuoted() makes any path one word in which a shell runs nothing",
  async () => {
    const path = '/films/it\'s $(touch gone) `id`; "x" \\ \n.mp4';
    const { stdout } = await execa("sh", ["-c", `printf %s ${shellQuoted(path, "linux")}`], {
      stripFinalNewline: false,
    });
    expect(stdout).toBe(path);
    expect(shellQuoted("C:\\films\\it's.mp4", "win32")).toBe('"C:\\films\\it\'s.mp4"');
  },
);
