import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Lockfile, lockedFor, type Manifest, neededBy } from "./support/locked-packages.ts";

const root = new URL("../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");
const manifest = JSON.parse(read("package.json")) as Manifest;
const { packages } = JSON.parse(read("package-lock.json")) as { packages: Lockfile };
const production = lockedFor(manifest, packages);
const decisions = readdirSync(new URL("docs/decisions/", root)).map((file) => read(`docs/decisions/${file}`));

test("every package that users get has a line in docs/decisions that says what it is for", () => {
  const rows = new Set(decisions.flatMap((text) => [...text.matchAll(/^\| ([^ |]+) \|/gm)].map(([, name]) => name)));
  expect(neededBy(manifest).filter((name) => !rows.has(name))).toEqual([]);
  expect(neededBy(manifest)).toContain("ws");
});

test("versions are exact, and those of the lockfile", () => {
  const wanted = { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies };
  const otherwise = Object.entries(wanted).filter(
    ([name, version]) => packages[`node_modules/${name}`]?.version !== version || !/^\d+\.\d+\.\d+$/.test(version),
  );
  expect(otherwise).toEqual([]);
});

test("the lockfile is of this package.json", () => {
  expect(neededBy(packages[""] ?? {})).toEqual(neededBy(manifest));
});

test("no package that users get, nor any that these bring along, runs a script when it is installed", () => {
  expect(production.size).toBeGreaterThan(3 * neededBy(manifest).length);
  expect([...production].filter(([, { hasInstallScript }]) => hasInstallScript === true)).toEqual([]);
});

test("each of them is locked with its digest", () => {
  const unlocked = [...production].filter(([, { integrity }]) => !/^sha(256|384|512)-/.test(integrity ?? ""));
  expect(unlocked.map(([path]) => path)).toEqual([]);
});

describe("what users get", () => {
  const lockfile: Lockfile = {
    "": {},
    "node_modules/a": { dependencies: { b: "^1.0.0" }, peerDependencies: { p: "1", absent: "1" } },
    "node_modules/b": { version: "2.0.0" },
    "node_modules/a/node_modules/b": { version: "1.0.0", optionalDependencies: { "@s/c": "1", other: "1" } },
    "node_modules/@s/c": { hasInstallScript: true, dependencies: { a: "1" } },
    "node_modules/p": {},
    "node_modules/dev": {},
  };

  test.each(["dependencies", "optionalDependencies", "peerDependencies"])(
    "is what stands in %s, and all that this needs itself, in the version that it gets",
    (field) => {
      expect([...lockedFor({ [field]: { a: "1" } }, lockfile).keys()].sort()).toEqual([
        ...["node_modules/@s/c", "node_modules/a", "node_modules/a/node_modules/b", "node_modules/p"],
      ]);
    },
  );

  test("and what is bundled", () => {
    expect(neededBy({ bundledDependencies: ["b"], bundleDependencies: ["c"] })).toEqual(["b", "c"]);
    expect(neededBy({ dependencies: { a: "1" }, bundledDependencies: true })).toEqual(["a"]);
  });

  test("and nothing that is needed may be missing in the lockfile", () => {
    expect(() => lockedFor({ dependencies: { none: "1" } }, lockfile)).toThrow("'' needs 'none', which is not locked");
    expect(lockedFor({ optionalDependencies: { none: "1" } }, lockfile).size).toBe(0);
  });
});
