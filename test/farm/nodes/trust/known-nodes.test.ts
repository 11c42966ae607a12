import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { KnownNodes } from "../../../../src/farm/nodes/trust/known-nodes.ts";
import { modeForOthers } from "../../../support/file-modes.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../../../support/temporary-folder.ts";

const keyed = { keyed: true };
const [tls, renewed] = ["1".repeat(64), "2".repeat(64)];
let folder: TemporaryFolder;
let config: string;
let file: string;
beforeEach(async () => {
  folder = await makeTemporaryFolder();
  config = join(folder.path, "deep", "config");
  file = join(config, "known-nodes.json");
});
afterEach(() => folder[Symbol.asyncDispose]());

test("a remembered node is known to the next run, and only the owner can read the file", async () => {
  const nodes = new KnownNodes(config);
  expect(nodes.of("a")).toBeUndefined();
  await nodes.remember("a", keyed);
  expect(nodes.of("a")).toEqual(keyed);
  expect(new KnownNodes(config).of("a")).toEqual(keyed);
  expect(await modeForOthers(file)).toBe(0);
});

test("a node's key and certificate are not forgotten if it shows none; a new certificate replaces the old one", async () => {
  const nodes = new KnownNodes(config);
  await nodes.remember("a", { keyed: true, tls });
  await nodes.remember("a", { keyed: false });
  expect(nodes.of("a")).toEqual({ keyed: true, tls });
  await nodes.remember("a", { keyed: true, tls: renewed });
  expect(new KnownNodes(config).of("a")).toEqual({ keyed: true, tls: renewed });
});

test("a node at an address that the user named is also known by that address, in upper or lower case", async () => {
  const nodes = new KnownNodes(config);
  await nodes.remember("a", { keyed: true, tls, named: { host: "Render1", port: 7447 } });
  await nodes.remember("b", { keyed: true, named: { host: "render2", port: 7447 } });
  const later = new KnownNodes(config);
  expect(later.named({ host: "render1", port: 7447 })).toEqual({ keyed: true, hasTls: true });
  expect(later.named({ host: "render2", port: 7447 })).toEqual({ keyed: true, hasTls: false });
  expect(later.named({ host: "render1", port: 7448 })).toEqual({ keyed: false, hasTls: false });
});

test("a node may be open only at the address that the user has allowed", async () => {
  const nodes = new KnownNodes(config);
  const [here, elsewhere] = ["Attic", "cellar"].map((host) => ({ host, port: 7447 }));
  if (!here || !elsewhere) throw new Error("unreachable");
  await nodes.remember("a", { keyed: false, openAt: here });
  await nodes.remember("a", { keyed: false, tls });
  const later = new KnownNodes(config);
  expect(later.of("a")).toEqual({ keyed: false, tls, openAt: ["attic:7447"] });
  expect([later.mayBeOpen("a", here), later.mayBeOpen("a", elsewhere), later.mayBeOpen("b", here)]).toEqual([
    ...[true, false, false],
  ]);
});

test("remember() keeps entries that another run has added meanwhile", async () => {
  const [one, two] = [new KnownNodes(config), new KnownNodes(config)];
  expect(two.of("a")).toBeUndefined();
  await one.remember("a", { keyed: true, tls });
  await two.remember("b", keyed);
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual({ version: 2, nodes: { a: { ...keyed, tls }, b: keyed } });
});

test("nodes that are remembered concurrently are all kept", async () => {
  const nodes = new KnownNodes(config);
  await Promise.all(["a", "b", "c", "d"].map((id) => nodes.remember(id, keyed)));
  const later = new KnownNodes(config);
  expect(["a", "b", "c", "d"].filter((id) => !later.of(id))).toEqual([]);
});

test("the list of ids that earlier releases wrote is converted", async () => {
  await new KnownNodes(config).remember("x", keyed);
  await writeFile(file, '["a", "b"]');
  const nodes = new KnownNodes(config);
  expect(nodes.of("a")).toEqual(keyed);
  await nodes.remember("c", { keyed: true, tls });
  const { nodes: written } = JSON.parse(await readFile(file, "utf8"));
  expect(written).toEqual({ a: keyed, b: keyed, c: { keyed: true, tls } });
});

const wrongEntries = ['{"tls":"0"}', '{"keyed":false,"openAt":"attic:7447"}'].map(
  (entry) => `{"version":2,"nodes":{"a":${entry}}}`,
);

test.each(["", "{", "{}", "null", "[1, null]", '{"version":3,"nodes":{}}', ...wrongEntries])(
  "a file that contains '%s' is an error and is not changed: known nodes must not be forgotten silently",
  async (text) => {
    await new KnownNodes(config).remember("a", keyed);
    await writeFile(file, text);
    const nodes = new KnownNodes(config);
    const error = expect.objectContaining({ code: "FARM_BAD_INPUT", hint: expect.stringContaining("delete it") });
    expect(() => nodes.of("a")).toThrow(error);
    expect(() => nodes.named({ host: "a", port: 1 })).toThrow(error);
    await expect(nodes.remember("b", keyed)).rejects.toEqual(error);
    expect(await readFile(file, "utf8")).toBe(text);
  },
);

test("a file that cannot be read is an error, but a missing file is not", async () => {
  expect(new KnownNodes(config).of("a")).toBeUndefined();
  expect(() => new KnownNodes(join(process.execPath, "no folder")).of("a")).toThrow("cannot be used");
});

test("isKnown() returns false for an unreadable file, which of() reports", async () => {
  const nodes = new KnownNodes(config);
  await nodes.remember("a", keyed);
  expect([nodes.isKnown("a"), nodes.isKnown("b")]).toEqual([true, false]);
  await writeFile(file, "{");
  const later = new KnownNodes(config);
  expect(later.isKnown("a")).toBe(false);
  expect(() => later.of("a")).toThrow(expect.objectContaining({ code: "FARM_BAD_INPUT" }));
});
