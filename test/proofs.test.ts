import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Only letters and digits count: a Python test's name stands for the same words as a title. */
const bare = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, "");

test("every promise in docs/security.md names tests that exist", () => {
  const proofs = [
    ...readFileSync(`${root}/docs/security.md`, "utf8").matchAll(/`([\w./-]+\.(?:test\.ts|py))(?:::([^`]+))?`/g),
  ];
  expect(proofs.length).toBeGreaterThan(50);
  const missing = proofs.filter(([, file, title = ""]) => {
    const path = `${root}/test/${file}`;
    return !existsSync(path) || !bare(readFileSync(path, "utf8")).includes(bare(title));
  });
  expect(missing.map(([proof]) => proof)).toEqual([]);
});
