import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const folder = new URL("../../src/scheduler/", import.meta.url);
const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));

test.each(files)("%s knows no clock, timer, randomness, promise or system", (file) => {
  const source = readFileSync(new URL(file.replaceAll("\\", "/"), folder), "utf8");

  expect(source).not.toMatch(
    /\bDate\b|performance\.|setTimeout|setInterval|Math\.random|\bPromise\b|\basync\b|\bawait\b/,
  );
  for (const [, imported] of source.matchAll(/from "([^"]+)"/g)) {
    expect(imported).toMatch(/^(\.\.?\/|\.\.?\/(collections|state)\/|(\.\.\/)+core\/)[\w-]+\.ts$/);
  }
});
