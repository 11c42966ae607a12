/**
 * Tests the program on Windows, as far as Wine can: `node scripts/windows/test.mjs [options of vitest]`. The built
 * coordinator renders with a node on this machine, and the unit tests run with Node for Windows.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run } from "../setup/tools.mjs";
import { cacheFolderOf } from "../tests/cache-folder.mjs";
import { closeWith, runVitest } from "../tests/vitest.mjs";
import { runUnitTests } from "./unit-tests.mjs";
import { windowsTools } from "./wine.mjs";

const tools = await windowsTools(console.log);
if ("problem" in tools) {
  console.log(`Skipped: ${tools.problem}`);
  process.exitCode = closeWith([]);
} else {
  const workshop = mkdtempSync(join(cacheFolderOf("windows"), "run-"));
  try {
    const prefix = join(workshop, "unit");
    await run("cp", ["-al", tools.template, prefix]);
    const env = { ...process.env, RENDERFARM_WINDOWS: JSON.stringify({ ...tools, workshop }) };
    const options = process.argv.slice(2);
    // In parallel, since both wait more than they compute.
    const renders = runVitest(["--project", "windows", ...options], { env });
    const unit = options.length === 0 ? [runUnitTests(tools, prefix, console.log)] : [];
    process.exitCode = closeWith(await Promise.all([renders, ...unit]));
  } finally {
    rmSync(workshop, { recursive: true, force: true, maxRetries: 5, retryDelay: 500 });
  }
}
