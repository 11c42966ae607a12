import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { aptPrefix, installByApt } from "../setup/apt.mjs";
import { findOnPath, run } from "../setup/tools.mjs";
import { cacheFolder, mirror } from "./suites.mjs";

/**
 * @typedef {import("./suites.mjs").Suite} Suite
 * @typedef {{root: string, version: string, stamp: string, display: "none" | "xvfb"} | {problem: string}} RootFolder
 */

const maker = fileURLToPath(new URL("make-root.sh", import.meta.url));
const stampName = "renderfarm-root.json";

/**
 * A folder with a whole Debian system and its Blender. Makes it if it is missing or was made from a different recipe.
 *
 * @param {Suite} suite
 * @param {(line: string) => void} say
 * @returns {Promise<RootFolder>} `problem`: why this suite is not available here
 */
export async function rootFolder(suite, say) {
  const folder = join(cacheFolder(), suite.name);
  const recipe = recipeOf(suite);
  if (stampOf(folder)?.recipe === recipe) return describe(suite, folder);
  const obstacle = await findObstacle(say);
  if (obstacle !== undefined) return { problem: obstacle };

  say(`Making a root folder of Debian ${suite.name} with Blender ${suite.blender} in ${folder} (takes some minutes)`);
  mkdirSync(cacheFolder(), { recursive: true });
  // Made under a temporary name and then renamed: a folder with its final name is complete.
  const workshop = mkdtempSync(join(cacheFolder(), `${suite.name}-making-`));
  try {
    const root = join(workshop, "root");
    const args = ["--mount", "sh", maker, suite.name, root, mirror, "blender", ...suite.packages];
    const result = await run("unshare", args, { timeoutMs: 30 * 60_000 });
    if (!result.ok) return { problem: `Debian ${suite.name} could not be installed:\n${tailOf(result.output)}` };
    const version = await versionIn(root);
    if (version === undefined) return { problem: `the Blender of Debian ${suite.name} does not start` };
    writeFileSync(join(root, stampName), `${JSON.stringify({ recipe, version, madeAt: new Date().toISOString() })}\n`);
    if (existsSync(folder)) renameSync(folder, join(workshop, "replaced"));
    renameSync(root, folder);
    return describe(suite, folder);
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
 * @returns {{recipe: string, version: string, madeAt: string} | undefined} written when the folder was complete
 */
function stampOf(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, stampName), "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * @param {Suite} suite
 * @param {string} root
 * @returns {RootFolder}
 */
function describe(suite, root) {
  const { version = "", madeAt = "" } = stampOf(root) ?? {};
  return { root, version, stamp: madeAt, display: suite.packages.includes("xvfb") ? "xvfb" : "none" };
}

/**
 * @param {string} root
 * @returns {Promise<string | undefined>} for example "2.83.5"; undefined if its Blender does not start
 */
async function versionIn(root) {
  const { output } = await run("chroot", [root, "blender", "--version"], { timeoutMs: 120_000 });
  return /^Blender (\d+\.\d+\.\d+)/m.exec(output)?.[1];
}

/**
 * @param {(line: string) => void} say
 * @returns {Promise<string | undefined>} why no root folder can be made on this machine
 */
async function findObstacle(say) {
  if (process.platform !== "linux") return "root folders of Debian need Linux";
  if (process.getuid?.() !== 0) return "making a root folder of Debian needs root";
  if (process.arch !== "x64") return `these suites are tested on x64 only; this machine is ${process.arch}`;
  if (findOnPath("debootstrap") !== undefined) return undefined;
  const prefix = await aptPrefix();
  if (prefix === undefined) return "debootstrap is missing, and apt cannot install it here";
  say("Installing debootstrap");
  const problem = await installByApt(prefix, ["debootstrap", "debian-archive-keyring"], say);
  return problem === "" ? undefined : problem;
}

/** @param {string} output */
function tailOf(output) {
  return output.trim().split("\n").slice(-12).join("\n");
}
