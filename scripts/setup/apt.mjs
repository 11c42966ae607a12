import { findOnPath, run } from "./tools.mjs";

/** Retries for an unreliable mirror, and a timeout, in seconds, for another apt that holds the lock. */
const waiting = ["-o", "Acquire::Retries=3", "-o", "DPkg::Lock::Timeout=120"];

/**
 * How to call apt-get with the right to install.
 *
 * @returns {Promise<string[] | undefined>} what to put before "apt-get"; undefined without apt or the right to use it
 */
export async function aptPrefix() {
  if (findOnPath("apt-get") === undefined) return undefined;
  const noQuestions = ["env", "DEBIAN_FRONTEND=noninteractive"];
  if (process.getuid?.() === 0) return noQuestions;
  if (findOnPath("sudo") === undefined) return undefined;
  // -n: never ask for a password, since a prompt inside a set-up script would look like a hang.
  return (await run("sudo", ["-n", "true"], { timeoutMs: 30_000 })).ok ? ["sudo", "-n", ...noQuestions] : undefined;
}

/**
 * Installs packages without their recommendations. It fetches the package lists only if the first attempt fails, as it
 * does if they are missing or out of date.
 *
 * @param {readonly string[]} prefix from aptPrefix
 * @param {readonly string[]} packages
 * @param {(line: string) => void} say
 * @returns {Promise<string>} empty on success, otherwise the error
 */
export async function installByApt(prefix, packages, say) {
  const install = () => aptGet(prefix, ["install", "-y", "--no-install-recommends", ...packages]);
  let result = await install();
  if (!result.ok) {
    say("Fetching the package lists (apt-get update)");
    const update = await aptGet(prefix, ["update"]);
    result = await install();
    if (!result.ok)
      return `apt-get cannot install the packages:\n${tailOf(update.ok ? "" : update.output)}${tailOf(result.output)}`;
  }
  return "";
}

/**
 * @param {readonly string[]} prefix
 * @param {readonly string[]} args
 * @param {{cwd?: string}} [options]
 */
export function aptGet(prefix, args, options) {
  const [program = "", ...words] = [...prefix, "apt-get", ...waiting, ...args];
  return run(program, words, options);
}

/** @param {string} output */
function tailOf(output) {
  return output.trim().split("\n").slice(-8).join("\n");
}
