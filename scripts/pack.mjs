/** Makes the folder fit to be packed, as npm's `prepack`: dist/ of now, and the node's Python libraries with their licences. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.mjs";
import { SetupFailure } from "./setup/failure.mjs";
import { installNpmPackages } from "./setup/npm-packages.mjs";
import { fetchPythonLibraries } from "./setup/python-libraries.mjs";
import { projectFolder } from "./setup/tools.mjs";

const vendorFolder = join(projectFolder, "blender_scripts/vendor");

/** npm shows what goes to standard error, and `npm pack --json` keeps standard output for its answer. */
const say = (/** @type {string} */ line) => console.error(line);

/**
 * The licence of each library, whether it came as a wheel or as a Debian package: their authors ask for it.
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
