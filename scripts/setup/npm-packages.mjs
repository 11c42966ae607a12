import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SetupFailure } from "./failure.mjs";
import { projectFolder, run } from "./tools.mjs";

/**
 * Installs exactly what package-lock.json lists, unless node_modules already has it.
 *
 * @param {(line: string) => void} say
 * @throws {SetupFailure}
 */
export async function installNpmPackages(say) {
  if (isInstalled()) return;
  say("Installing the npm packages (npm ci)");
  const { ok, output } = await npm(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
  // The reason comes first; pages of usage text may follow.
  const reason = output.trim().split("\n").slice(0, 12).join("\n");
  if (!ok) throw new SetupFailure(`Cannot install the npm packages: 'npm ci' failed\n${reason}`);
}

/** npm keeps a copy of the lockfile in node_modules; if the two agree, the packages are installed. */
function isInstalled() {
  const installed = packagesOf("node_modules/.package-lock.json");
  if (installed === undefined) return false;
  return Object.entries(packagesOf("package-lock.json") ?? {}).every(
    ([path, wanted]) => path === "" || wanted.optional || installed[path]?.integrity === wanted.integrity,
  );
}

/**
 * @param {string} lockfile
 * @returns {Record<string, {integrity?: string, optional?: boolean}> | undefined}
 */
function packagesOf(lockfile) {
  try {
    return JSON.parse(readFileSync(join(projectFolder, lockfile), "utf8")).packages;
  } catch {
    return undefined;
  }
}

/**
 * @param {readonly string[]} args
 */
export function npm(args) {
  // Inside `npm run`, use that npm; otherwise the one on PATH, which on Windows is a .cmd and needs a shell.
  const running = process.env.npm_execpath;
  if (running?.endsWith(".js")) return run(process.execPath, [running, ...args]);
  return run("npm", args, { shell: process.platform === "win32" });
}
