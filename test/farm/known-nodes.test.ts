import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { KnownNodes } from "../../src/farm/known-nodes.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";

let folder: TemporaryFolder;
let config: string;
beforeEach(async () => {
  folder = await makeTemporaryFolder();
  config = join(folder.path, "deep", "config");
});
afterEach(() => folder[Symbol.asyncDispose]());

test("a node that was added is known to the next run, and its file to nobody else", async () => {
  const nodes = new KnownNodes(config);
  expect(nodes.has("a")).toBe(false);
  await nodes.add("a");
  await nodes.add("a");
  expect(nodes.has("a")).toBe(true);
  expect(new KnownNodes(config).has("a")).toBe(true);
  expect((await stat(join(config, "known-nodes.json"))).mode & 0o077).toBe(0);
});

test("add() keeps what another run has added meanwhile", async () => {
  const [one, two] = [new KnownNodes(config), new KnownNodes(config)];
  await one.add("a");
  await two.add("b");
  expect(JSON.parse(await readFile(join(config, "known-nodes.json"), "utf8"))).toEqual(["a", "b"]);
});

test("nodes that are added at the same time are all kept", async () => {
  const nodes = new KnownNodes(config);
  await Promise.all(["a", "b", "c", "d"].map((id) => nodes.add(id)));
  const later = new KnownNodes(config);
  expect(["a", "b", "c", "d"].filter((id) => !later.has(id))).toEqual([]);
});

test.each(["", "{", "{}", "null", "[1, null]"])(
  "a file that holds '%s' knows nobody, and is no error",
  async (text) => {
    await new KnownNodes(config).add("a");
    await writeFile(join(config, "known-nodes.json"), text);
    const nodes = new KnownNodes(config);
    expect(nodes.has("a")).toBe(false);
    await nodes.add("b");
    expect(new KnownNodes(config).has("b")).toBe(true);
  },
);
