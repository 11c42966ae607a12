import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { SetupFailure } from "./failure.mjs";
import { fetchByApt } from "./python-libraries-apt.mjs";
import { fetchByPip, pipArguments } from "./python-libraries-pip.mjs";
import { findBlender, findPython, projectFolder, run } from "./tools.mjs";

const vendorFolder = join(projectFolder, "blender_scripts/vendor");
const cacheFolder = join(projectFolder, ".cache");
const requirementsFile = join(projectFolder, "scripts/setup/python-libraries.txt");
const stampName = "fetched.json";

/** Imports what the node imports, and async_timeout, which only Python 3.9 and 3.10 need, to prove that it is whole. */
const verification = [
  "import sys",
  "sys.dont_write_bytecode = True",
  "sys.path.insert(0, sys.argv[-1])",
  "import websockets, websockets.legacy.server, websockets.legacy.client",
  "import zeroconf, zeroconf.asyncio, ifaddr, async_timeout",
  "libraries = (websockets, zeroconf, ifaddr, async_timeout)",
  "assert all(library.__file__.startswith(sys.argv[-1]) for library in libraries), libraries",
].join("\n");

/**
 * Puts the node's Python libraries into blender_scripts/vendor/: pure Python, so that one set works in every Blender.
 * They come from PyPI by pip, otherwise from Debian's packages; nothing is installed into any Python.
 *
 * @param {(line: string) => void} say
 * @throws {SetupFailure} If neither source works
 */
export async function fetchPythonLibraries(say) {
  const requirements = readFileSync(requirementsFile, "utf8");
  if (isFetched(requirements)) return;
  say("Fetching the node's Python libraries into blender_scripts/vendor");
  mkdirSync(join(vendorFolder, ".."), { recursive: true });
  // Inside the project, so that the rename at the end stays in one file system.
  mkdirSync(cacheFolder, { recursive: true });
  const workshop = mkdtempSync(join(cacheFolder, "vendor-"));
  try {
    const made = join(workshop, "vendor");
    const source = await fetchInto(made, requirementsFile, workshop);
    removeCompiled(made);
    await verify(made);
    writeFileSync(join(made, stampName), `${JSON.stringify({ requirements, source }, null, 2)}\n`);
    if (existsSync(vendorFolder)) renameSync(vendorFolder, join(workshop, "replaced"));
    renameSync(made, vendorFolder);
    say(`Fetched by ${source}`);
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

/** @param {string} requirements */
function isFetched(requirements) {
  const stamp = join(vendorFolder, stampName);
  return existsSync(stamp) && JSON.parse(readFileSync(stamp, "utf8")).requirements === requirements;
}

/**
 * @param {string} target
 * @param {string} requirements path of the requirements file
 * @param {string} workshop a folder for temporary files
 * @returns {Promise<string>} where they came from
 */
async function fetchInto(target, requirements, workshop) {
  const problems = [];
  for (const fetch of [fetchByPip, fetchByApt]) {
    rmSync(target, { recursive: true, force: true });
    mkdirSync(target);
    const outcome = await fetch(target, requirements, workshop);
    if (outcome.ok) return outcome.source;
    problems.push(outcome.problem);
  }
  throw new SetupFailure(
    [
      "Cannot fetch the node's Python libraries:",
      ...problems.map((problem) => `  ${problem}`),
      "To fetch them yourself, with a Python that has pip and can reach PyPI:",
      `  python3 ${pipArguments(vendorFolder, requirements).join(" ")}`,
      "then run this again.",
    ].join("\n"),
  );
}

/**
 * Removes the compiled parts: each works in one Python on one system, and without it Python uses its pure equivalent.
 *
 * @param {string} folder
 */
function removeCompiled(folder) {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const isCompiled = /\.(so|pyd|dylib|pyc|c|pxd)$/.test(entry.name) || entry.name === "__pycache__";
    if (isCompiled) rmSync(join(entry.parentPath, entry.name), { recursive: true, force: true });
  }
}

/**
 * Imports the libraries without Python's own site-packages, which could hide that something is missing.
 *
 * @param {string} folder
 * @throws {SetupFailure}
 */
async function verify(folder) {
  const python = await findPython();
  const blender = findBlender();
  let result = { ok: false, output: "There is no Python 3.9 or newer and no Blender to test them with" };
  if (python !== undefined) {
    result = await run(python, ["-I", "-S", "-c", verification, folder], { timeoutMs: 60_000 });
  } else if (blender !== undefined) {
    const quiet = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "1"];
    result = await run(blender, [...quiet, "--python-expr", verification, "--", folder], { timeoutMs: 120_000 });
  }
  if (!result.ok)
    throw new SetupFailure(`Cannot use the fetched Python libraries of the node:\n${result.output.trim()}`);
}
