/**
 * Adds the platform packages that npm omits from package-lock.json if the registry it used does not have them. Run
 * `node scripts/complete-lockfile.mjs` after each change of the dependencies with such a mirror.
 *
 * `npm ci` refuses a lockfile without them, on every platform. They are written without a digest, since it is unknown;
 * npm reads `os`, `cpu` and `libc` here and fetches only the package for its own platform.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "./setup/tools.mjs";

const file = join(projectFolder, "package-lock.json");
const platformName =
  /[-/](android|darwin|freebsd|linux|netbsd|openbsd|openharmony|win32)-(arm64|arm|ia32|loong64|ppc64|riscv64|s390x|x64)(?:-(.+))?$/;

const lock = JSON.parse(readFileSync(file, "utf8"));
const added = Object.entries(lock.packages).flatMap(([path, entry]) =>
  Object.entries(path === "" ? {} : (entry.optionalDependencies ?? {}))
    .filter(
      ([name]) => !(`node_modules/${name}` in lock.packages) && !(`${path}/node_modules/${name}` in lock.packages),
    )
    .flatMap(([name, version]) => platformEntry(name, version, entry.dev)),
);
const packages = { ...lock.packages, ...Object.fromEntries(added) };
const inOrder = Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, "en"));
lock.packages = Object.fromEntries(inOrder);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(added.length === 0 ? "Nothing was missing" : added.map(([path]) => `Added ${path}`).join("\n"));

/**
 * @param {string} name
 * @param {string} version
 * @param {boolean | undefined} dev
 * @returns {[string, object][]} empty if it is not a platform package with one exact version
 */
function platformEntry(name, version, dev) {
  const [, os, cpu, variant = ""] = platformName.exec(name) ?? [];
  if (os === undefined || cpu === undefined || !/^\d+\.\d+\.\d+$/.test(version)) return [];
  const libc = { musl: ["musl"], gnu: ["glibc"] }[/^(musl|gnu)/.exec(variant)?.[0] ?? ""];
  return [
    [
      `node_modules/${name}`,
      { version, cpu: [cpu], dev, libc: os === "linux" ? libc : undefined, optional: true, os: [os] },
    ],
  ];
}
