/** Builds dist/ from src/: `node scripts/build.mjs` always, the set-up only when something changed. */
import { createHash } from "node:crypto";
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { SetupFailure } from "./setup/failure.mjs";
import { projectFolder, run } from "./setup/tools.mjs";

const output = join(projectFolder, "dist");
const workshop = join(projectFolder, "dist.building");
const stampName = ".built-from";
const compiler = join(projectFolder, "node_modules/typescript/bin/tsc");

/**
 * Builds dist/ unless it stands for exactly the sources of now.
 *
 * @param {(line: string) => void} say
 * @param {{force?: boolean}} [options]
 * @throws {SetupFailure} If the compiler finds errors
 */
export async function build(say, options = {}) {
  const digest = digestOfSources();
  if (!options.force && builtFrom() === digest) return;
  say("Building dist (tsc)");
  // Built beside and then put in place: a file whose source is gone goes, and a failed build leaves the old one.
  rmSync(workshop, { recursive: true, force: true });
  try {
    const result = await run(process.execPath, [compiler, "-p", "tsconfig.json", "--outDir", workshop]);
    if (!result.ok) throw new SetupFailure(`Cannot build dist: TypeScript reports errors\n${result.output.trim()}`);
    writeFileSync(join(workshop, stampName), digest);
    rmSync(output, { recursive: true, force: true });
    renameSync(workshop, output);
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
  for (const program of programs()) chmodSync(program, 0o755);
}

/** @returns {string | undefined} the digest of the sources that dist/ was built from */
function builtFrom() {
  const stamp = join(output, stampName);
  return existsSync(stamp) ? readFileSync(stamp, "utf8") : undefined;
}

/** Contents, not times: a checkout gives every file a new time and no new content. */
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
