/**
 * Sets up a clone: `node scripts/setup.mjs [--for demo|test]`. It needs only Node, since it runs before anything is
 * installed, and skips what is already done.
 */
import { build } from "./build.mjs";
import { SetupFailure } from "./setup/failure.mjs";
import { checkNodeVersion } from "./setup/node-version.mjs";
import { installNpmPackages } from "./setup/npm-packages.mjs";
import { fetchPythonLibraries } from "./setup/python-libraries.mjs";
import { installSystemPackages } from "./setup/system-packages.mjs";

let linesSaid = 0;

/** @param {string} line */
function say(line) {
  linesSaid += 1;
  console.log(line);
}

/** @returns {"demo" | "test" | undefined} */
function purposeOf(/** @type {string[]} */ args) {
  if (args.length === 0) return undefined;
  const [flag, purpose] = args;
  if (flag === "--for" && args.length === 2 && (purpose === "demo" || purpose === "test")) return purpose;
  throw new SetupFailure(`Usage: node scripts/setup.mjs [--for demo|test], not '${args.join(" ")}'`);
}

try {
  const purpose = purposeOf(process.argv.slice(2));
  checkNodeVersion();
  await installSystemPackages(purpose, say);
  await fetchPythonLibraries(say);
  await installNpmPackages(say);
  await build(say);
  console.log(linesSaid === 0 ? "Set-up: nothing to do" : "Set-up: done");
} catch (error) {
  if (!(error instanceof SetupFailure)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
