/**
 * Runs compiled test files with Node for Windows: `node.exe run-files.js PLAN REPORT`, both JSON. It skips the tests
 * that the plan lists as `unfit`. A listed test that does not exist is a failure, so that the list stays current.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { startTests } from "@vitest/runner";

const [plan = "", report = ""] = process.argv.slice(2);
/** @type {{files: string[], unfit: {file: string, test?: string, why: string}[]}} */
const { files, unfit } = JSON.parse(readFileSync(plan, "utf8"));
const found = new Set();
const testTimeoutMs = 60_000;
const runner = {
  config: {
    ...{ root: process.cwd(), name: "windows", setupFiles: [], passWithNoTests: false, allowOnly: false, retry: 0 },
    sequence: { concurrent: false, seed: 1, hooks: "stack", setupFiles: "list" },
    ...{ maxConcurrency: 1, testTimeout: testTimeoutMs, hookTimeout: testTimeoutMs },
    ...{ includeTaskLocation: false, tags: [] },
  },
  onCollected: (collected) => collected.forEach(skipUnfit),
  importFile: (file) => import(pathToFileURL(file).href),
};

function skipUnfit(task, _index, _all, file = task.filepath) {
  const reason = unfit.find((one) => one.test !== undefined && file.endsWith(one.file) && task.name.includes(one.test));
  if (reason !== undefined && task.filepath === undefined) {
    task.mode = "skip";
    found.add(reason);
  }
  for (const child of task.tasks ?? []) skipUnfit(child, 0, [], file);
}

/** Each test as {file, name, state, errors}. A file or group with an error of its own counts as a failed test. */
function* resultsOf(file, task, names = []) {
  const path = task.filepath === undefined ? [...names, task.name] : names;
  const errors = (task.result?.errors ?? []).map(({ message, stack }) => stack ?? message);
  const state = task.mode === "skip" ? "skip" : (task.result?.state ?? "skip");
  if (task.type === "test" || errors.length > 0) yield { file, name: path.join(" > "), state, errors };
  for (const child of task.tasks ?? []) yield* resultsOf(file, child, path);
}

const results = [];
for (const file of files) {
  const beganMs = performance.now();
  const [task] = await startTests([file], runner);
  results.push(...resultsOf(file, task));
  process.stdout.write(`${file} ${Math.round(performance.now() - beganMs)} ms\n`);
  writeFileSync(report, JSON.stringify(results)); // after each file, in case the process crashes
}
const stale = unfit.filter((one) => one.test !== undefined && !found.has(one));
results.push(
  ...stale.map(({ file, test }) => ({ file, name: test, state: "fail", errors: ["There is no such test"] })),
);
writeFileSync(report, JSON.stringify(results));
process.exit(0); // even if a test has left a server or timer open
