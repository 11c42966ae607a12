/** Builds dist/ from src/. `node scripts/build.mjs` always builds; the set-up only if something changed. */
import { createHash } from "node:crypto";
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { SetupFailure } from "./setup/failure.mjs";
import { projectFolder, run } from "./setup/tools.mjs";

const output = join(projectFolder, "dist");
const building = join(projectFolder, "dist.building");
const stampName = ".built-from";
const compiler = join(projectFolder, "node_modules/typescript/bin/tsc");

/**
 * Builds dist/ unless it was built from exactly the current sources.
 *
 * @param {(line: string) => void} say
 * @param {{force?: boolean}} [options]
 * @throws {SetupFailure} If the compiler finds errors
 */
export async function build(say, options = {}) {
  const digest = digestOfSources();
  if (!options.force && builtFrom() === digest) return;
  say("Building dist (tsc)");
  // Built in another folder, then moved: this drops files without a source, and keeps the old dist/ if a build fails.
  rmSync(building, { recursive: true, force: true });
  try {
    const result = await run(process.execPath, [compiler, "-p", "tsconfig.json", "--outDir", building]);
    if (!result.ok) throw new SetupFailure(`Cannot build dist: TypeScript reports errors\n${result.output.trim()}`);
    writeFileSync(join(building, stampName), digest);
    rmSync(output, { recursive: true, force: true });
    renameSync(building, output);
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
  for (const program of programs()) chmodSync(program, 0o755);
}

/** @returns {string | undefined} the digest of the sources that dist/ was built from */
function builtFrom() {
  const stamp = join(output, stampName);
  return existsSync(stamp) ? readFileSync(stamp, "utf8") : undefined;
}

/** A digest of contents, not of times: a checkout gives every file a new time but the same content. */
function digestOfSources() {
  const hash = createHash("sha256");
  const sources = readdirSync(join(projectFolder, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const settings = ["tsconfig.json", "package.json", "package-lock.json"].map((name) => join(projectFolder, name));
  for (const file of [...sources.sort(), ...settings]) {
    const content = readFileSync(file);
    hash.update(`${relative(projectFolder, file)}\n${content.length}\n`).update(content);
  }
  return hash.digest("hex");
}

/** @returns {string[]} the files that package.json installs as commands */
function programs() {
  const { bin } = JSON.parse(readFileSync(join(projectFolder, "package.json"), "utf8"));
  return [...new Set(Object.values(bin))].map((file) => join(projectFolder, String(file))).filter(existsSync);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  try {
    await build(console.log, { force: true });
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
