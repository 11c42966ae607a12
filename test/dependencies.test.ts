import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Lockfile, lockedFor, type Manifest, neededBy } from "./support/locked-packages.ts";

const root = new URL("../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");
const manifest = JSON.parse(read("package.json")) as Manifest;
const { packages } = JSON.parse(read("package-lock.json")) as { packages: Lockfile };
const production = lockedFor(manifest, packages);
const decisions = readdirSync(new URL("docs/decisions/", root)).map((file) => read(`docs/decisions/${file}`));

test("every production dependency has a line in docs/decisions that says what it is for", () => {
  const rows = new Set(decisions.flatMap((text) => [...text.matchAll(/^\| ([^ |]+) \|/gm)].map(([, name]) => name)));
  expect(neededBy(manifest).filter((name) => !rows.has(name))).toEqual([]);
  expect(neededBy(manifest)).toContain("ws");
});

test("versions are exact and match the lockfile", () => {
  const wanted = { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies };
  const otherwise = Object.entries(wanted).filter(
    ([name, version]) => packages[`node_modules/${name}`]?.version !== version || !/^\d+\.\d+\.\d+$/.test(version),
  );
  expect(otherwise).toEqual([]);
});

test("the lockfile belongs to this package.json", () => {
  expect(neededBy(packages[""] ?? {})).toEqual(neededBy(manifest));
});

test("no production dependency, direct or indirect, runs a script when it is installed", () => {
  expect(production.size).toBeGreaterThan(3 * neededBy(manifest).length);
  expect([...production].filter(([, { hasInstallScript }]) => hasInstallScript === true)).toEqual([]);
});

test("each of them is locked with a digest", () => {
  const unlocked = [...production].filter(([, { integrity }]) => !/^sha(256|384|512)-/.test(integrity ?? ""));
  expect(unlocked.map(([path]) => path)).toEqual([]);
});

describe("production dependencies", () => {
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
    "are those in %s and everything that these need, in the version that they get",
    (field) => {
      expect([...lockedFor({ [field]: { a: "1" } }, lockfile).keys()].sort()).toEqual([
        ...["node_modules/@s/c", "node_modules/a", "node_modules/a/node_modules/b", "node_modules/p"],
      ]);
    },
  );

  test("include bundled ones", () => {
    expect(neededBy({ bundledDependencies: ["b"], bundleDependencies: ["c"] })).toEqual(["b", "c"]);
    expect(neededBy({ dependencies: { a: "1" }, bundledDependencies: true })).toEqual(["a"]);
  });

  test("must all be in the lockfile", () => {
    expect(() => lockedFor({ dependencies: { none: "1" } }, lockfile)).toThrow("'' needs 'none', which is not locked");
    expect(lockedFor({ optionalDependencies: { none: "1" } }, lockfile).size).toBe(0);
  });
});
