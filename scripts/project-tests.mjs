/** The tests of one vitest project, and their sum on the last line: `node scripts/project-tests.mjs NAME [options]`. */
import { closeWith, runVitest } from "./tests/vitest.mjs";

const [name = "unit", ...options] = process.argv.slice(2);
process.exitCode = closeWith([await runVitest(["--project", name, ...options])]);
