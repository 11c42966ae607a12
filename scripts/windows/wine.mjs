/** Installs Wine and makes a fresh Windows for it. */
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { aptPrefix, installByApt } from "../setup/apt.mjs";
import { findOnPath, run } from "../setup/tools.mjs";
import { cacheFolderOf } from "../tests/cache-folder.mjs";
import { windowsPrograms } from "./programs.mjs";

/**
 * @typedef {object} WindowsTools
 * @property {string} wine
 * @property {string} template a Wine prefix to copy with hard links, since it has 700 MB
 * @property {Record<string, string>} environment variables of every program under Wine, in addition to WINEPREFIX
 * @property {{node: string, ffmpeg: string, ffprobe: string}} programs
 */

/** Turns off what the tests do not need: Wine's browser, its .NET and its debug messages. */
const quiet = { WINEDEBUG: "-all", WINEDLLOVERRIDES: "mscoree,mshtml=", WINEARCH: "win64" };

/**
 * @param {(line: string) => void} say
 * @returns {Promise<WindowsTools | {problem: string}>} problem: why Wine is not available here
 * @throws {Error} If Wine is here, but a Windows program or the fresh Windows cannot be fetched or made
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
 * A path of this machine as a Windows path: Wine's drive Z: is the root folder.
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
  if (prefix === undefined) return "Wine is missing and apt cannot install it here: sudo apt-get install wine wine64";
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
  say(`Making a fresh Windows 10 for ${version}`);
  const workshop = mkdtempSync(`${folder}-making-`);
  const env = { ...process.env, ...quiet, WINEPREFIX: join(workshop, "prefix") };
  try {
    const steps = [
      ["wineboot", "--init"],
      ["reg", "add", "HKCU\\Software\\Wine", "/v", "Version", "/d", "win10", "/f"],
    ];
    for (const words of steps) {
      const result = await run(wine, words, { env, timeoutMs: 5 * 60_000 });
      if (!result.ok) throw new Error(`Wine cannot make a fresh Windows: ${result.output.trim()}`);
    }
    await run("wineserver", ["--wait"], { env, timeoutMs: 60_000 }); // it writes the registry when it ends
    renameSync(join(workshop, "prefix"), folder);
    return folder;
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}
