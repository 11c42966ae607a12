import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SetupFailure } from "./failure.mjs";
import { projectFolder } from "./tools.mjs";

/**
 * Compares this Node's version with `engines` in package.json, before anything is installed that would fail with it.
 *
 * @throws {SetupFailure}
 */
export function checkNodeVersion() {
  const { engines } = JSON.parse(readFileSync(join(projectFolder, "package.json"), "utf8"));
  if (satisfies(process.versions.node, engines.node)) return;
  throw new SetupFailure(
    `Node ${process.versions.node} is not supported: install ${engines.node} from https://nodejs.org`,
  );
}

/**
 * Supports the two forms of range that package.json uses, `^a.b.c` and `>=a.b.c`, joined by `||`.
 *
 * @param {string} version
 * @param {string} range
 */
function satisfies(version, range) {
  return range.split("||").some((part) => {
    const [, operator, wanted] = /^\s*(\^|>=)(\d+\.\d+\.\d+)\s*$/.exec(part) ?? [];
    if (operator === undefined || wanted === undefined) throw new Error(`Cannot read 'engines': ${range}`);
    const sameMajor = version.split(".")[0] === wanted.split(".")[0];
    return isAtLeast(version, wanted) && (operator === ">=" || sameMajor);
  });
}

/**
 * @param {string} version
 * @param {string} wanted
 */
function isAtLeast(version, wanted) {
  return version.localeCompare(wanted, "en", { numeric: true }) >= 0;
}
