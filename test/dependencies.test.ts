import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface Locked {
  readonly version?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly integrity?: string;
}

const root = new URL("../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");
const { dependencies } = JSON.parse(read("package.json")) as { dependencies: Record<string, string> };
const { packages } = JSON.parse(read("package-lock.json")) as { packages: Record<string, Locked> };
const production = Object.entries(packages).filter(([path, { dev }]) => path !== "" && dev !== true);
const decisions = readdirSync(new URL("docs/decisions/", root)).map((file) => read(`docs/decisions/${file}`));

test("every package that users get has a line in docs/decisions that says what it is for", () => {
  const rows = new Set(decisions.flatMap((text) => [...text.matchAll(/^\| ([^ |]+) \|/gm)].map(([, name]) => name)));
  expect(Object.keys(dependencies).filter((name) => !rows.has(name))).toEqual([]);
});

test("versions are exact, and those of the lockfile", () => {
  const otherwise = Object.entries(dependencies).filter(
    ([name, version]) => packages[`node_modules/${name}`]?.version !== version || !/^\d+\.\d+\.\d+$/.test(version),
  );
  expect(otherwise).toEqual([]);
});

test("no package that users get runs a script when it is installed", () => {
  expect(production.length).toBeGreaterThan(Object.keys(dependencies).length);
  expect(production.filter(([, { hasInstallScript }]) => hasInstallScript === true)).toEqual([]);
});

test("every package that users get is locked with its digest", () => {
  const unlocked = production.filter(([, { integrity }]) => !/^sha(256|384|512)-/.test(integrity ?? ""));
  expect(unlocked.map(([path]) => path)).toEqual([]);
});
