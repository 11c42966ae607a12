/**
 * Formats that Debian's builds of Blender cannot read: `node scripts/formats/test.mjs [options of vitest]`. It first
 * fetches Blender as a Python module from PyPI, 370 MB. Where it cannot run, the tests are skipped, and the reason printed.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fetchByPip } from "../setup/python-libraries-pip.mjs";
import { projectFolder, run } from "../setup/tools.mjs";
import { cacheFolderOf } from "../tests/cache-folder.mjs";
import { closeWith, runVitest } from "../tests/vitest.mjs";

const python = "/usr/bin/python3";
const requirements = join(projectFolder, "scripts/formats/bpy.txt");

/** @returns {Promise<{folder: string} | {problem: string}>} */
async function blenderModule() {
  const { output } = await run(python, ["-c", "import sys; print(sys.version_info[:2], sys.platform)"]);
  if (!output.startsWith("(3, 11) linux")) return { problem: `${python} is not Python 3.11 on Linux` };
  const folder = join(cacheFolderOf("formats"), "bpy-4.5.15");
  if (!existsSync(folder)) {
    console.log(`Fetching Blender as a Python module into ${folder}`);
    const unfinished = `${folder}.unfinished`;
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(dirname(folder), { recursive: true });
    const fetched = await fetchByPip(unfinished, requirements, ["--platform=manylinux_2_28_x86_64"]);
    if (!fetched.ok) return { problem: fetched.problem };
    renameSync(unfinished, folder);
  }
  const env = { ...process.env, PYTHONPATH: folder };
  const started = await run(python, ["-c", "import bpy"], { env, timeoutMs: 120_000 });
  return started.ok ? { folder } : { problem: started.output.trim().split("\n").at(-1) ?? "" };
}

const found = await blenderModule();
if ("problem" in found) console.log(`Skipped: Blender as a Python module: ${found.problem}`);
const options = ["--config", join(projectFolder, "test/productions/formats/vitest.config.ts"), "--root", projectFolder];
const env = { ...process.env, RENDERFARM_BPY: "folder" in found ? found.folder : "" };
process.exitCode = closeWith([await runVitest([...options, ...process.argv.slice(2)], { env })]);
