import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lookFor } from "../../src/blendfile/named-texts.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await makeTemporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

async function found(content: string | Buffer, texts: readonly string[]): Promise<readonly string[]> {
  const path = join(folder.path, "scene.blend");
  await writeFile(path, Buffer.concat([Buffer.from("BLENDER-v304"), Buffer.from(content)]));
  return [...(await lookFor(texts)(path))].sort();
}

test.each<[string, readonly string[], readonly string[]]>([
  ["//a.png\0", ["//a.png", "a.png", "//b.png", ""], ["//a.png", "a.png"]],
  ["//a.png", ["//a.png"], []],
  ["//a.pngx\0", ["//a.png"], []],
  ["x//a.png\0\0\0", ["//a.png"], ["//a.png"]],
  ["\0\0g\0//größe/木.png\0", ["g", "//größe/木.png", "木.png", "//grosse"], ["//größe/木.png", "g", "木.png"]],
  ["a\0b\0", [], []],
])("in %j, of %j it finds %j", async (content, texts, expected) => {
  expect(await found(content, texts)).toEqual(expected);
});

test("a text that lies across pieces of the file is found, wherever it is cut", async () => {
  const text = `//${"long/".repeat(40)}wood.png`;
  const filler = Buffer.alloc(3 * 2 ** 16, "x");
  for (let shift = 0; shift <= text.length + 1; shift += 7) {
    const content = Buffer.concat([filler.subarray(0, 2 ** 16 - 12 - shift), Buffer.from(`${text}\0`), filler]);
    expect(await found(content, [text, "//other.png"]), `shifted by ${shift}`).toEqual([text]);
  }
});
