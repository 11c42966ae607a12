import { pythons, run } from "./tools.mjs";

/** The same kind of wheel on every machine: the hashes are of exactly these files. */
const wheelKind = [
  "--only-binary=:all:",
  "--implementation=cp",
  "--python-version=3.11",
  "--abi=cp311",
  "--abi=none",
  "--platform=manylinux2014_x86_64",
  "--platform=manylinux_2_17_x86_64",
  "--platform=any",
];

/**
 * Fetches the wheels from PyPI, licences included, with the first Python on this machine that has pip.
 *
 * @param {string} target
 * @param {string} requirements path of the file with pinned versions and hashes
 * @param {readonly string[]} [more] further arguments of pip
 * @returns {Promise<{ok: true, source: string} | {ok: false, problem: string}>}
 */
export async function fetchByPip(target, requirements, more = []) {
  for await (const python of pythons()) {
    if (!(await run(python, ["-m", "pip", "--version"], { timeoutMs: 60_000 })).ok) continue;
    const result = await run(python, [...pipArguments(target, requirements), ...more], { timeoutMs: 5 * 60_000 });
    if (result.ok) return { ok: true, source: "pip from PyPI" };
    return { ok: false, problem: `pip failed: ${result.output.trim().split("\n").at(-1)}` };
  }
  return { ok: false, problem: "No Python on this machine has pip" };
}

/**
 * @param {string} target
 * @param {string} requirements
 * @returns {string[]} the arguments of `python3`
 */
export function pipArguments(target, requirements) {
  const quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-compile", "--retries=2"];
  const pinned = ["--no-deps", "--require-hashes", "--requirement", requirements];
  return ["-m", "pip", "install", ...quiet, "--target", target, ...wheelKind, ...pinned];
}
