/** All tests, TypeScript's and Python's, and their sum on the last line: `node scripts/test.mjs [options of vitest]`. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runPythonTests } from "./python-tests.mjs";
import { projectFolder } from "./setup/tools.mjs";

/** @typedef {{ok: boolean, passed: number, failed: number, skipped: number}} TestCounts */

/**
 * @param {readonly string[]} options
 * @returns {Promise<TestCounts>}
 */
async function runVitest(options) {
  const folder = mkdtempSync(join(tmpdir(), "renderfarm-vitest-"));
  try {
    const report = join(folder, "report.json");
    const program = join(projectFolder, "node_modules/vitest/vitest.mjs");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const code = await show(process.execPath, [program, "run", ...reporters, ...options]);
    return { ok: code === 0, ...countsOf(JSON.parse(readFileSync(report, "utf8"))) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * A file that cannot even be loaded has no test to fail, and counts as one failure of its own.
 *
 * @param {{numPassedTests: number, numFailedTests: number, numPendingTests: number,
 *   testResults: {status: string, assertionResults: unknown[]}[]}} report
 */
function countsOf(report) {
  const broken = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests,
  };
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {Promise<number | null>}
 */
function show(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: projectFolder, stdio: "inherit" });
    child.on("error", reject);
    child.on("close", resolve);
  });
}

// Beside each other: the node's tests mostly wait, for the limits that strangers run into.
const results = await Promise.all([runVitest(process.argv.slice(2)), runPythonTests(true)]);
const sum = (/** @type {"passed" | "failed" | "skipped"} */ key) =>
  results.reduce((total, counts) => total + counts[key], 0);
if (sum("skipped") > 0) console.log(`${sum("skipped")} skipped`);
console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
