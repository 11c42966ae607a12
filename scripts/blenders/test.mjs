/**
 * The end-to-end render on four versions of Blender: `node scripts/blenders/test.mjs [options of vitest]`.
 * It first makes the root folders that are missing. A Blender that is not available is skipped, and the reason printed.
 */
import { join } from "node:path";
import { findBlender, findOnPath, projectFolder, run } from "../setup/tools.mjs";
import { closeWith, runVitest } from "../tests/vitest.mjs";
import { rootFolder } from "./root-folder.mjs";
import { suites } from "./suites.mjs";

/** @typedef {{version: string, program: string, root?: string, stamp?: string, display?: string}} TestedBlender */

/** @type {string[]} */
const skipped = [];

/** @returns {Promise<TestedBlender[]>} oldest first */
async function testedBlenders() {
  /** @type {TestedBlender[]} */
  const found = [];
  for (const suite of suites) {
    const result = await rootFolder(suite, console.log);
    if ("problem" in result) skipped.push(`Blender ${suite.blender} of Debian ${suite.name}: ${result.problem}`);
    else found.push({ program: "/usr/bin/blender", ...result });
  }
  const own = await ownBlender();
  if (own === undefined) skipped.push("this machine's own Blender: none was found");
  else if (found.every(({ version }) => version !== own.version)) found.push(own);
  return found.sort((a, b) => a.version.localeCompare(b.version, "en", { numeric: true }));
}

/** @returns {Promise<TestedBlender | undefined>} */
async function ownBlender() {
  const program = findBlender();
  if (program === undefined) return undefined;
  const { output } = await run(program, ["--version"], { timeoutMs: 120_000 });
  const version = /^Blender (\d+\.\d+\.\d+)/m.exec(output)?.[1];
  return version === undefined ? undefined : { version, program };
}

/**
 * A command that runs another one with its own loopback, where no other node is heard and no port is taken.
 *
 * @returns {Promise<string[]>} empty if that is not allowed here
 */
async function ownNetwork() {
  if (findOnPath("unshare") === undefined || findOnPath("ip") === undefined) return [];
  const words = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"];
  const [program = "", ...args] = words;
  return (await run(program, [...args, "true"])).ok ? words : [];
}

const blenders = await testedBlenders();
console.log(`Testing with Blender ${blenders.map(({ version }) => version).join(", ") || "none"}`);
const options = ["--config", join(projectFolder, "test/blenders/vitest.config.ts"), "--root", projectFolder];
const env = { ...process.env, RENDERFARM_TESTED_BLENDERS: JSON.stringify(blenders) };
const counts = await runVitest([...options, ...process.argv.slice(2)], { before: await ownNetwork(), env });
for (const reason of skipped) console.log(`Skipped: ${reason}`);
process.exitCode = closeWith([counts]);
