import { readdirSync } from "node:fs";
import { join } from "node:path";
import { findBlender, findFfmpeg, findFfprobe, findOnPath, findPython } from "./tools.mjs";

/**
 * A program or library of the system. `neededFor`: what does not work without it; empty if it is optional. `isWanted`:
 * false if it has no use on this system or for the purpose.
 *
 * @typedef {object} SystemPart
 * @property {string} name
 * @property {readonly ("demo" | "test")[]} neededFor
 * @property {(purpose: "demo" | "test" | undefined) => boolean} isWanted
 * @property {() => boolean | Promise<boolean>} isPresent
 * @property {Partial<Record<PackageManager, string>>} packages the part's packages, by package manager
 *
 * @typedef {"apt" | "dnf" | "pacman" | "zypper" | "apk" | "brew" | "winget"} PackageManager
 */

const everywhere = () => true;
const onLinux = () => process.platform === "linux";
const asRootOnLinux = () => onLinux() && process.getuid?.() === 0;

/** @type {readonly SystemPart[]} */
export const systemParts = [
  {
    name: "Blender",
    neededFor: ["demo", "test"],
    isWanted: everywhere,
    isPresent: () => findBlender() !== undefined,
    packages: {
      apt: "blender",
      dnf: "blender",
      pacman: "blender",
      zypper: "blender",
      apk: "blender",
      brew: "--cask blender",
      winget: "BlenderFoundation.Blender",
    },
  },
  {
    name: "FFmpeg with ffprobe",
    neededFor: ["demo", "test"],
    isWanted: everywhere,
    isPresent: () => findFfmpeg() !== undefined && findFfprobe() !== undefined,
    packages: {
      apt: "ffmpeg",
      dnf: "ffmpeg",
      pacman: "ffmpeg",
      zypper: "ffmpeg",
      apk: "ffmpeg",
      brew: "ffmpeg",
      winget: "Gyan.FFmpeg",
    },
  },
  {
    name: "Python 3.9 or newer",
    neededFor: ["test"],
    isWanted: everywhere,
    isPresent: async () => (await findPython()) !== undefined,
    packages: {
      apt: "python3",
      dnf: "python3",
      pacman: "python",
      zypper: "python3",
      apk: "python3",
      brew: "python",
      winget: "Python.Python.3.12",
    },
  },
  {
    // The end-to-end tests use it to make several hosts out of one; this needs root, without which they are skipped.
    name: "ip (network namespaces)",
    neededFor: [],
    isWanted: asRootOnLinux,
    isPresent: () => findOnPath("ip") !== undefined,
    packages: { apt: "iproute2", dnf: "iproute", pacman: "iproute2", zypper: "iproute2", apk: "iproute2" },
  },
  {
    // A test makes the system clock jump with it for single programs, and is skipped without it.
    name: "libfaketime",
    neededFor: [],
    isWanted: (purpose) => purpose === "test" && asRootOnLinux(),
    isPresent: () => findOnPath("faketime") !== undefined,
    packages: { apt: "faketime", dnf: "libfaketime", pacman: "libfaketime", zypper: "libfaketime", apk: "libfaketime" },
  },
  {
    // Tests use it to show prompts and the live view in a real terminal, and are skipped without it.
    name: "tmux",
    neededFor: [],
    isWanted: (purpose) => purpose === "test" && asRootOnLinux(),
    isPresent: () => findOnPath("tmux") !== undefined,
    packages: { apt: "tmux", dnf: "tmux", pacman: "tmux", zypper: "tmux", apk: "tmux" },
  },
  {
    // Without it, Blender 4.3 and 5.2 exit at the first EEVEE frame on a machine without a display.
    name: "EGL (scenes in EEVEE without a display)",
    neededFor: [],
    isWanted: onLinux,
    isPresent: () => hasLibrary("libEGL.so.1") && hasLibrary("libGL.so.1") && hasLibrary("libOpenGL.so.0"),
    packages: {
      apt: "libegl1 libgl1 libopengl0 libgl1-mesa-dri",
      dnf: "libglvnd-egl libglvnd-glx libglvnd-opengl mesa-dri-drivers",
      pacman: "libglvnd mesa",
      zypper: "Mesa-libEGL1 Mesa-libGL1 Mesa-dri",
      apk: "mesa-egl mesa-gl mesa-dri-gallium",
    },
  },
];

/**
 * Searches the loader's usual folders, since `ldconfig` is not on every user's PATH.
 *
 * @param {string} name
 */
function hasLibrary(name) {
  const parents = ["/usr/lib", "/usr/lib64", "/lib", "/lib64"];
  const folders = parents.flatMap((parent) => [parent, ...multiarchFolders(parent)]);
  return folders.some((folder) => listOf(folder).includes(name));
}

/** @param {string} parent */
function multiarchFolders(parent) {
  return listOf(parent)
    .filter((entry) => entry.endsWith("-linux-gnu") || entry.includes("-linux-gnueabi"))
    .map((entry) => join(parent, entry));
}

/** @param {string} folder */
function listOf(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
