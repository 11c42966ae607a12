/** Wine, and a Windows for it that nothing has been done in yet. */
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { aptPrefix, installByApt } from "../setup/apt.mjs";
import { findOnPath, run } from "../setup/tools.mjs";
import { cacheFolderOf } from "../tests/cache-folder.mjs";
import { windowsPrograms } from "./programs.mjs";

/**
 * What the tests are given.
 *
 * @typedef {object} WindowsTools
 * @property {string} wine
 * @property {string} template a prefix to copy: 700 MB, so its files are linked
 * @property {Record<string, string>} environment of every program under Wine, beside WINEPREFIX
 * @property {{node: string, ffmpeg: string, ffprobe: string}} programs
 */

/** Nothing else of Wine's is looked for: no browser, no .NET, no messages of its own. */
const quiet = { WINEDEBUG: "-all", WINEDLLOVERRIDES: "mscoree,mshtml=", WINEARCH: "win64" };

/**
 * @param {(line: string) => void} say
 * @returns {Promise<WindowsTools | {problem: string}>} a problem: why Wine cannot be had here
 * @throws {Error} When it is here, and what it needs cannot be had
 */
export async function windowsTools(say) {
  if (process.platform !== "linux" || process.arch !== "x64") return { problem: "Wine is used on 64-bit Linux only" };
  const problem = await installWine(say);
  if (problem !== undefined) return { problem };
  const programs = await windowsPrograms(say);
  const wine = findOnPath("wine") ?? "wine";
  const template = await makeTemplate(wine, say);
  const path = [programs.ffmpeg, programs.ffprobe].map((program) => windowsPath(dirname(program))).join(";");
  return { wine, template, environment: { ...quiet, WINEPATH: path }, programs };
}

/**
 * A path of this machine as Windows has it: Wine's drive Z: is the whole of it.
 *
 * @param {string} path absolute
 * @returns {string}
 */
function windowsPath(path) {
  return `Z:${path.replaceAll("/", "\\")}`;
}

/** @param {(line: string) => void} say */
async function installWine(say) {
  if (findOnPath("wine") !== undefined) return undefined;
  const prefix = await aptPrefix();
  if (prefix === undefined) return "there is no Wine, and apt cannot install it here: sudo apt-get install wine wine64";
  say("Installing wine wine64 (apt-get)");
  const problem = await installByApt(prefix, ["wine", "wine64"], say);
  return problem === "" ? undefined : problem;
}

/**
 * @param {string} wine
 * @param {(line: string) => void} say
 * @returns {Promise<string>}
 */
async function makeTemplate(wine, say) {
  const version = (await run(wine, ["--version"], { env: { ...process.env, ...quiet } })).output.trim();
  const folder = join(cacheFolderOf("windows"), `windows-10-${version.replaceAll(/[^\w.-]+/g, "_")}`);
  if (existsSync(folder)) return folder;
  say(`Making a Windows 10 for ${version}`);
  const workshop = mkdtempSync(`${folder}-making-`);
  const env = { ...process.env, ...quiet, WINEPREFIX: join(workshop, "prefix") };
  try {
    const steps = [
      ["wineboot", "--init"],
      ["reg", "add", "HKCU\\Software\\Wine", "/v", "Version", "/d", "win10", "/f"],
    ];
    for (const words of steps) {
      const result = await run(wine, words, { env, timeoutMs: 5 * 60_000 });
      if (!result.ok) throw new Error(`Wine cannot make a Windows: ${result.output.trim()}`);
    }
    await run("wineserver", ["--wait"], { env, timeoutMs: 60_000 }); // it writes the registry as it ends
    renameSync(join(workshop, "prefix"), folder);
    return folder;
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}
