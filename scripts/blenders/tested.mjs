import { findBlender, run } from "../setup/tools.mjs";
import { rootFolder } from "./root-folder.mjs";
import { suites } from "./suites.mjs";

/** @typedef {{version: string, program: string, root?: string, stamp?: string, display?: string}} TestedBlender */

/**
 * The Blenders of four Debian suites, and this machine's own. Root folders that are missing are made first.
 *
 * @returns {Promise<{blenders: TestedBlender[], skipped: string[]}>} the oldest first; which are not available, and why
 */
export async function findTestedBlenders() {
  /** @type {string[]} */
  const skipped = [];
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
  return { blenders: found.sort((a, b) => a.version.localeCompare(b.version, "en", { numeric: true })), skipped };
}

/** @returns {Promise<TestedBlender | undefined>} */
async function ownBlender() {
  const program = findBlender();
  if (program === undefined) return undefined;
  const { output } = await run(program, ["--version"], { timeoutMs: 120_000 });
  const version = /^Blender (\d+\.\d+\.\d+)/m.exec(output)?.[1];
  return version === undefined ? undefined : { version, program };
}
