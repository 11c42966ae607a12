/** Runs vitest and counts its tests. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectFolder } from "../setup/tools.mjs";

/** @typedef {{ok: boolean, passed: number, failed: number, skipped: number}} TestCounts */

/**
 * Runs vitest and shows its output.
 *
 * @param {readonly string[]} options
 * @param {{before?: readonly string[], env?: NodeJS.ProcessEnv}} [start] before: a command that runs this one, with its
 *   arguments
 * @returns {Promise<TestCounts>}
 */
export async function runVitest(options, start = {}) {
  const folder = mkdtempSync(join(tmpdir(), "renderfarm-vitest-"));
  try {
    const report = join(folder, "report.json");
    const program = join(projectFolder, "node_modules/vitest/vitest.mjs");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const words = [...(start.before ?? []), process.execPath, program, "run", ...reporters, ...options];
    const code = await show(words, start.env ?? process.env);
    return { ok: code === 0, ...countsOf(JSON.parse(readFileSync(report, "utf8"))) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * A file that cannot be loaded has no tests, and counts as one failure.
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
 * @param {readonly string[]} words
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number | null>}
 */
function show([command = "", ...args], env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: projectFolder, env, stdio: "inherit" });
    child.on("error", reject);
    child.on("close", resolve);
  });
}

/**
 * Prints the last line, for people and programs: "N passed, N failed".
 *
 * @param {readonly TestCounts[]} results
 * @returns {number} the exit status
 */
export function closeWith(results) {
  const sum = (/** @type {"passed" | "failed" | "skipped"} */ key) =>
    results.reduce((total, counts) => total + counts[key], 0);
  if (sum("skipped") > 0) console.log(`${sum("skipped")} skipped`);
  console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
  return results.every(({ ok }) => ok) ? 0 : 1;
}
