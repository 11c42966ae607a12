import { findOnPath, run } from "./tools.mjs";

/** Patience with a slow mirror, and with another apt that holds the lock for a while. */
const patience = ["-o", "Acquire::Retries=3", "-o", "DPkg::Lock::Timeout=120"];

/**
 * How apt-get is called with the right to install.
 *
 * @returns {Promise<string[] | undefined>} words before "apt-get"; undefined where there is no apt, or no right to it
 */
export async function aptPrefix() {
  if (findOnPath("apt-get") === undefined) return undefined;
  const noQuestions = ["env", "DEBIAN_FRONTEND=noninteractive"];
  if (process.getuid?.() === 0) return noQuestions;
  if (findOnPath("sudo") === undefined) return undefined;
  // -n: a password prompt inside a set-up script would look like a hang.
  return (await run("sudo", ["-n", "true"], { timeoutMs: 30_000 })).ok ? ["sudo", "-n", ...noQuestions] : undefined;
}

/**
 * Installs packages without their recommendations; the package lists are fetched only when the first try fails, which
 * it does when they are absent or out of date.
 *
 * @param {readonly string[]} prefix from aptPrefix
 * @param {readonly string[]} packages
 * @param {(line: string) => void} say
 * @returns {Promise<string>} empty when done, else why not
 */
export async function installByApt(prefix, packages, say) {
  const install = () => aptGet(prefix, ["install", "-y", "--no-install-recommends", ...packages]);
  let result = await install();
  if (!result.ok) {
    say("Fetching the package lists (apt-get update)");
    const update = await aptGet(prefix, ["update"]);
    result = await install();
    if (!result.ok)
      return `apt-get could not install them:\n${tailOf(update.ok ? "" : update.output)}${tailOf(result.output)}`;
  }
  return "";
}

/**
 * @param {readonly string[]} prefix
 * @param {readonly string[]} args
 * @param {{cwd?: string}} [options]
 */
export function aptGet(prefix, args, options) {
  const [program = "", ...words] = [...prefix, "apt-get", ...patience, ...args];
  return run(program, words, options);
}

/** @param {string} output */
function tailOf(output) {
  return output.trim().split("\n").slice(-8).join("\n");
}
