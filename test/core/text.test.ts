import { expect, test } from "vitest";
import { counted, printable, shorten } from "../../src/core/text.ts";

test("printable() makes what moves the cursor or turns the writing visible, and leaves all else", () => {
  expect(printable("a\u001b[2Jb\nc\r\td\u007f\u009b")).toBe("a\\u001b[2Jb\\u000ac\\u000d\\u0009d\\u007f\\u009b");
  expect(printable("x\u202eexe.\u2066\u200f\u2028")).toBe("x\\u202eexe.\\u2066\\u200f\\u2028");
  expect(printable("Büro 2 – 日本 🎬 #\\")).toBe("Büro 2 – 日本 🎬 #\\");
});

test("counted() has a plural for all but one", () => {
  expect([0, 1, 2].map((count) => counted(count, "frame"))).toEqual(["0 frames", "1 frame", "2 frames"]);
});

test("shorten() leaves what is short enough, and shows where it cut", () => {
  expect([shorten("abc", 3), shorten("abcd", 3)]).toEqual(["abc", "ab…"]);
});
