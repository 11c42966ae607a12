/** All tests, TypeScript's and Python's, and their sum on the last line: `node scripts/test.mjs [options of vitest]`. */
import { runPythonTests } from "./python-tests.mjs";
import { closeWith, runVitest } from "./tests/vitest.mjs";

const projects = ["unit", "programs", "e2e"].flatMap((name) => ["--project", name]);
// Beside each other: the node's tests mostly wait, for the limits that strangers run into.
const results = await Promise.all([runVitest([...projects, ...process.argv.slice(2)]), runPythonTests(true)]);
process.exitCode = closeWith(results);
