import { findOnPath } from "./tools.mjs";

/**
 * @typedef {import("./system-parts.mjs").SystemPart} SystemPart
 * @typedef {import("./system-parts.mjs").PackageManager} PackageManager
 */

/** @type {Readonly<Record<PackageManager, {program: string, install: string}>>} */
const managers = {
  apt: { program: "apt-get", install: "sudo apt-get update && sudo apt-get install -y --no-install-recommends" },
  dnf: { program: "dnf", install: "sudo dnf install" },
  pacman: { program: "pacman", install: "sudo pacman -S --needed" },
  zypper: { program: "zypper", install: "sudo zypper install" },
  apk: { program: "apk", install: "sudo apk add" },
  brew: { program: "brew", install: "brew install" },
  winget: { program: "winget", install: "winget install --exact --id" },
};

/** @returns {PackageManager | undefined} this system's */
export function packageManager() {
  if (process.platform === "darwin") return "brew";
  if (process.platform === "win32") return "winget";
  const all = /** @type {PackageManager[]} */ (Object.keys(managers));
  return all.find((name) => findOnPath(managers[name].program) !== undefined);
}

/**
 * The commands that install the parts, ready to copy.
 *
 * @param {readonly SystemPart[]} parts
 * @param {PackageManager | undefined} manager
 * @returns {string[]}
 */
export function commandsFor(parts, manager) {
  if (manager === undefined) return parts.map(({ name }) => downloadPages[name] ?? `install ${name}`);
  const named = parts.flatMap((part) => part.packages[manager] ?? []);
  const { install } = managers[manager];
  // brew's casks need an option of their own, and winget takes one package at a time.
  const isOneByOne = manager === "brew" || manager === "winget";
  const commands = isOneByOne ? named.map((name) => `${install} ${name}`) : [`${install} ${named.join(" ")}`];
  if (manager === "brew" && findOnPath("brew") === undefined) commands.unshift("get Homebrew: https://brew.sh");
  const needsH264 = manager === "dnf" && named.includes("ffmpeg");
  if (needsH264) commands.unshift("enable RPM Fusion, whose ffmpeg has H.264: https://rpmfusion.org/Configuration");
  return commands;
}

/** @type {Readonly<Record<string, string>>} */
const downloadPages = {
  Blender: "Blender: https://www.blender.org/download/",
  "FFmpeg with ffprobe": "FFmpeg: https://ffmpeg.org/download.html",
  "Python 3.9 or newer": "Python: https://www.python.org/downloads/",
};
