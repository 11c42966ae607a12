/** Runs the node's own tests: `node scripts/python-tests.mjs`, with the same exit status as unittest. */
import { spawn } from "node:child_process";
import { findPython, projectFolder } from "./setup/tools.mjs";

const python = await findPython();
if (python === undefined) {
  console.error("Cannot run the Python tests: no Python 3.9 or newer was found");
  process.exitCode = 1;
} else {
  // -B: no __pycache__ in the sources.
  const args = ["-B", "-m", "unittest", "discover", "-s", "test/python", "-t", "."];
  const child = spawn(python, args, { cwd: projectFolder, stdio: "inherit" });
  child.on("close", (code) => {
    process.exitCode = code ?? 1;
  });
}
