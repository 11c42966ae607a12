/** Runs all tests, TypeScript and Python, and prints the totals last: `node scripts/test.mjs [options of vitest]`. */
import { runPythonTests } from "./python-tests.mjs";
import { closeWith, runVitest } from "./tests/vitest.mjs";

const projects = ["unit", "programs", "e2e"].flatMap((name) => ["--project", name]);
// In parallel: the node's tests mostly wait, for the time limits on unauthenticated peers.
const results = await Promise.all([runVitest([...projects, ...process.argv.slice(2)]), runPythonTests(true)]);
process.exitCode = closeWith(results);
