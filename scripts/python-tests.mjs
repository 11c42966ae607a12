/** Runs the node's tests with unittest: `node scripts/python-tests.mjs`, or as a part of scripts/test.mjs. */
import { spawn } from "node:child_process";
import { pathToFileURL } from "node:url";
import { findPython, projectFolder } from "./setup/tools.mjs";

/**
 * Runs the tests and shows unittest's output: immediately, or at the end if other tests run in parallel.
 *
 * @param {boolean} isParallel
 * @returns {Promise<{ok: boolean, passed: number, failed: number, skipped: number}>}
 * @throws If there is no Python, or unittest printed no result
 */
export async function runPythonTests(isParallel = false) {
  const python = await findPython();
  if (python === undefined) throw new Error("Cannot run the Python tests: no Python 3.9 or newer was found");
  // -B writes no __pycache__ next to the sources.
  const args = ["-B", "-m", "unittest", "discover", "-s", "test/python", "-t", "."];
  const { code, output } = await show(python, args, isParallel);
  return { ok: code === 0, ...countsOf(output) };
}

/**
 * Reads unittest's last lines: "Ran 12 tests in 0.5s", then "OK (skipped=1)" or "FAILED (failures=1, errors=2)".
 *
 * @param {string} output
 */
function countsOf(output) {
  const ran = /^Ran (\d+) tests? in /m.exec(output)?.[1];
  const verdict = /^(?:OK|FAILED|NO TESTS RAN)(?: \((.*)\))?$/m.exec(output.slice(output.lastIndexOf("\nRan ")));
  if (ran === undefined || verdict === null) throw new Error("Cannot count the Python tests: unittest gave no result");
  const counted = (/** @type {string} */ word) =>
    Number(new RegExp(`\\b${word}=(\\d+)`).exec(verdict[1] ?? "")?.[1] ?? 0);
  const failed = counted("failures") + counted("errors") + counted("unexpected successes");
  const skipped = counted("skipped");
  return { passed: Number(ran) - failed - skipped, failed, skipped };
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {boolean} isParallel
 * @returns {Promise<{code: number | null, output: string}>}
 */
function show(command, args, isParallel) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: projectFolder,
      stdio: ["ignore", isParallel ? "ignore" : "inherit", "pipe"],
    });
    let output = "";
    child.stderr.on("data", (piece) => {
      if (!isParallel) process.stderr.write(piece);
      output = (output + piece).slice(-100_000);
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (isParallel) process.stderr.write(output);
      resolve({ code, output });
    });
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  process.exitCode = (await runPythonTests()).ok ? 0 : 1;
}
