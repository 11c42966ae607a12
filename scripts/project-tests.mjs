/** Runs one vitest project and prints the totals last: `node scripts/project-tests.mjs NAME [options of vitest]`. */
import { closeWith, runVitest } from "./tests/vitest.mjs";

const [name = "unit", ...options] = process.argv.slice(2);
process.exitCode = closeWith([await runVitest(["--project", name, ...options])]);
