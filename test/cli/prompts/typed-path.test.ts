import { expect, test } from "vitest";
import { looksLikePath, typedPath } from "../../../src/cli/prompts/typed-path.ts";

function read(text: string, platform: NodeJS.Platform = "linux", existing: readonly string[] = []): string {
  const home = platform === "win32" ? "C:\\Users\\ada" : "/home/ada";
  return typedPath(text, { platform, home, exists: (path) => existing.includes(path) }).path;
}

test.each([
  ["as it is", "films/My duck.blend", "films/My duck.blend"],
  ["with ~ for the home folder", "~/films/duck.blend", "/home/ada/films/duck.blend"],
  ["with ~ alone", "~", "/home/ada"],
  ["with a ~ elsewhere", "films/~old/a~b.blend", "films/~old/a~b.blend"],
  [
    "dragged on macOS: backslashes, and a space behind",
    "/Users/ada/My\\ film\\ \\(2\\).blend ",
    "/Users/ada/My film (2).blend",
  ],
  ["dragged on Linux: in quotes", "'/home/ada/My film.blend' ", "/home/ada/My film.blend"],
  ["dragged on Linux: with an apostrophe", "'/home/ada/Ada'\\''s film.blend'", "/home/ada/Ada's film.blend"],
  ["in double quotes", '"/films/a \\"b\\" \\$5.blend"', '/films/a "b" $5.blend'],
  ["in quotes that are not closed yet", "'/home/ada/My fi", "/home/ada/My fi"],
  ["with an apostrophe of its own", "Ada's film.mp4", "Ada's film.mp4"],
  ["empty", "  ", ""],
])("a typed path is read %s", (_, text, path) => {
  expect(read(text)).toBe(path);
});

test("a name that exists exactly as it was typed is that file", () => {
  for (const name of ["'odd'.blend", "a\\ b.blend", "~/x"]) expect(read(name, "linux", [name])).toBe(name);
});

test("on Windows, backslashes separate folders, and dragged files are in double quotes", () => {
  expect(read('"C:\\My films\\duck.blend"', "win32")).toBe("C:\\My films\\duck.blend");
  expect(read("C:\\films\\duck.blend", "win32")).toBe("C:\\films\\duck.blend");
  expect(read("~\\films", "win32")).toBe("C:\\Users\\ada\\films");
});

test("what is a path, and what are words to search for", () => {
  for (const path of ["~", "~/fi", "/", "films/du", "'/home", "My\\ fi"])
    expect(looksLikePath(path, "linux")).toBe(true);
  for (const path of ["C:\\", "c:", "films\\du"]) expect(looksLikePath(path, "win32")).toBe(true);
  for (const words of ["", "duck", "winter duck", "duck.blend"]) expect(looksLikePath(words, "linux")).toBe(false);
});
