import { commandsFor, packageManager } from "./advice.mjs";
import { aptPrefix, installByApt } from "./apt.mjs";
import { SetupFailure } from "./failure.mjs";
import { systemParts } from "./system-parts.mjs";

/** @typedef {import("./system-parts.mjs").SystemPart} SystemPart */

/**
 * Installs Blender, FFmpeg and whatever else is missing, by apt if root or a sudo without a password allows it.
 * Otherwise it prints the exact commands.
 *
 * @param {"demo" | "test" | undefined} purpose what must work afterwards; undefined: say what is missing, never fail
 * @param {(line: string) => void} say
 * @throws {SetupFailure} If a part that the purpose needs is still missing
 */
export async function installSystemPackages(purpose, say) {
  let missing = await missingParts(purpose);
  if (missing.length === 0) return;

  let problem = "";
  const prefix = await aptPrefix();
  if (prefix !== undefined) {
    const packages = missing.flatMap((part) => part.packages.apt?.split(" ") ?? []);
    say(`Installing ${packages.join(" ")} (apt-get)`);
    problem = await installByApt(prefix, packages, say);
    missing = await missingParts(purpose);
    if (missing.length === 0) return;
  }

  const advice = [
    `Missing: ${missing.map((part) => part.name).join(", ")}. To install:`,
    ...commandsFor(missing, packageManager()).map((command) => `  ${command}`),
  ];
  if (problem !== "") advice.unshift(problem);
  const blocking = missing.filter((part) => purpose !== undefined && part.neededFor.includes(purpose));
  if (blocking.length > 0) throw new SetupFailure(advice.join("\n"));
  for (const line of advice) say(line);
}

/**
 * @param {"demo" | "test" | undefined} purpose
 * @returns {Promise<SystemPart[]>}
 */
async function missingParts(purpose) {
  const missing = [];
  for (const part of systemParts) {
    if (part.isWanted(purpose) && !(await part.isPresent())) missing.push(part);
  }
  return missing;
}
