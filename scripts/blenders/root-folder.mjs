import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { aptPrefix, installByApt } from "../setup/apt.mjs";
import { findOnPath, run } from "../setup/tools.mjs";
import { cacheFolder, mirror } from "./suites.mjs";

/**
 * @typedef {import("./suites.mjs").Suite} Suite
 * @typedef {{folder: string} | {problem: string}} RootFolder
 */

const maker = fileURLToPath(new URL("make-root.sh", import.meta.url));
const stampName = "renderfarm-root.json";

/**
 * A folder with a whole Debian system and its Blender, made when it is not there or was made in another way.
 *
 * @param {Suite} suite
 * @param {(line: string) => void} say
 * @returns {Promise<RootFolder>} a problem: why this suite cannot be had here
 */
export async function rootFolder(suite, say) {
  const folder = join(cacheFolder(), suite.name);
  const recipe = recipeOf(suite);
  if (isMade(folder, recipe)) return { folder };
  const obstacle = await obstacleToMaking(say);
  if (obstacle !== undefined) return { problem: obstacle };

  say(`Making a root folder of Debian ${suite.name} with Blender ${suite.blender} in ${folder} (some minutes)`);
  mkdirSync(cacheFolder(), { recursive: true });
  // Made aside and renamed: a folder under its own name is whole.
  const workshop = mkdtempSync(join(cacheFolder(), `${suite.name}-making-`));
  try {
    const made = join(workshop, "root");
    const args = ["--mount", "sh", maker, suite.name, made, mirror, "blender", ...suite.packages];
    const result = await run("unshare", args, { timeoutMs: 30 * 60_000 });
    if (!result.ok) return { problem: `Debian ${suite.name} could not be installed:\n${tailOf(result.output)}` };
    writeFileSync(join(made, stampName), `${JSON.stringify({ recipe, madeAt: new Date().toISOString() })}\n`);
    if (existsSync(folder)) renameSync(folder, join(workshop, "replaced"));
    renameSync(made, folder);
    return { folder };
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

/** @param {Suite} suite */
function recipeOf(suite) {
  const parts = [readFileSync(maker, "utf8"), JSON.stringify(suite)];
  return createHash("sha256").update(parts.join("\n")).digest("hex");
}

/**
 * @param {string} folder
 * @param {string} recipe
 */
function isMade(folder, recipe) {
  try {
    return JSON.parse(readFileSync(join(folder, stampName), "utf8")).recipe === recipe;
  } catch {
    return false;
  }
}

/**
 * @param {(line: string) => void} say
 * @returns {Promise<string | undefined>} why no root folder can be made on this machine
 */
async function obstacleToMaking(say) {
  if (process.platform !== "linux") return "root folders of Debian need Linux";
  if (process.getuid?.() !== 0) return "making a root folder of Debian needs root";
  if (process.arch !== "x64") return `these suites are tested on x64 only, this is ${process.arch}`;
  if (findOnPath("debootstrap") !== undefined) return undefined;
  const prefix = await aptPrefix();
  if (prefix === undefined) return "there is no debootstrap, and no apt to install it with";
  say("Installing debootstrap");
  const problem = await installByApt(prefix, ["debootstrap", "debian-archive-keyring"], say);
  return problem === "" ? undefined : problem;
}

/** @param {string} output */
function tailOf(output) {
  return output.trim().split("\n").slice(-12).join("\n");
}
