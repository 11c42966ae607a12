/**
 * Writes the files that are derived from the options of a render: `node scripts/derived-files.mjs`. They are
 * farmspec.schema.json, which editors use through a farmspec's `$schema`, and the README's table of flags. Tests check
 * that both are up to date.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.mjs";
import { projectFolder } from "./setup/tools.mjs";

await build((line) => console.error(line));
const { farmspecJsonSchema, optionTable } = await import("../dist/index.js");
writeFileSync(join(projectFolder, "farmspec.schema.json"), `${JSON.stringify(farmspecJsonSchema(), null, 2)}\n`);
const readme = join(projectFolder, "README.md");
const text = readFileSync(readme, "utf8");
writeFileSync(
  readme,
  text.replace(/\| flag \| meaning \|\n(?:\|.*\|\n)+/, () => `${optionTable()}\n`),
);
