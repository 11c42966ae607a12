/** Prepares the package as npm's `prepack`: builds dist/ and fetches the node's Python libraries with licences. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.mjs";
import { SetupFailure } from "./setup/failure.mjs";
import { installNpmPackages } from "./setup/npm-packages.mjs";
import { fetchPythonLibraries } from "./setup/python-libraries.mjs";
import { projectFolder } from "./setup/tools.mjs";

const vendorFolder = join(projectFolder, "blender_scripts/vendor");

/** To standard error, which npm shows; standard output is for the answer of `npm pack --json`. */
const say = (/** @type {string} */ line) => console.error(line);

/**
 * Checks that each library comes with its licence, as its authors require, from a wheel or from a Debian package.
 *
 * @throws {SetupFailure}
 */
function checkLicences() {
  const names = readdirSync(vendorFolder);
  for (const library of ["async_timeout", "ifaddr", "websockets", "zeroconf"]) {
    const isOfLibrary = (/** @type {string} */ name) => name.startsWith(`${library}-`);
    const files = names
      .filter(isOfLibrary)
      .flatMap((name) => readdirSync(join(vendorFolder, name), { recursive: true }));
    if (!existsSync(join(vendorFolder, library))) throw new SetupFailure(`Cannot pack: ${library} is missing`);
    const hasLicence = files.some((file) => /licen[cs]e|copying|copyright/i.test(String(file)));
    if (!hasLicence) throw new SetupFailure(`Cannot pack: ${library} has no licence in ${vendorFolder}`);
  }
}

try {
  await fetchPythonLibraries(say);
  checkLicences();
  await installNpmPackages(say);
  await build(say);
} catch (error) {
  if (!(error instanceof SetupFailure)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
