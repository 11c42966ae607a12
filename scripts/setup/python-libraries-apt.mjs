import { cpSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { aptGet, aptPrefix } from "./apt.mjs";
import { findOnPath, run } from "./tools.mjs";

/** Debian's packages, and the library in each. All of them are plain Python in these versions and later. */
const libraries = {
  "python3-websockets": "websockets",
  "python3-zeroconf": "zeroconf",
  "python3-ifaddr": "ifaddr",
  "python3-async-timeout": "async_timeout",
};

/**
 * Downloads Debian's or Ubuntu's packages and unpacks them without installing them.
 *
 * @param {string} target
 * @param {string} _requirements unused: the suite decides the versions; Debian 12 has exactly the pinned ones
 * @param {string} workshop
 * @returns {Promise<{ok: true, source: string} | {ok: false, problem: string}>}
 */
export async function fetchByApt(target, _requirements, workshop) {
  if (findOnPath("apt-get") === undefined || findOnPath("dpkg-deb") === undefined) {
    return { ok: false, problem: "This machine has no apt to download Debian's packages with" };
  }
  const downloads = join(workshop, "packages");
  const unpacked = join(workshop, "unpacked");
  mkdirSync(downloads);
  // Only updating the package lists needs root, not downloading.
  const download = () => aptGet([], ["download", ...Object.keys(libraries)], { cwd: downloads });
  let result = await download();
  const prefix = result.ok ? undefined : await aptPrefix();
  if (prefix !== undefined) {
    await aptGet(prefix, ["update"]);
    result = await download();
  }
  if (!result.ok) return { ok: false, problem: `apt-get download failed: ${result.output.trim().split("\n").at(-1)}` };

  const files = readdirSync(downloads).filter((name) => name.endsWith(".deb"));
  for (const file of files) {
    const extraction = await run("dpkg-deb", ["-x", join(downloads, file), unpacked]);
    if (!extraction.ok) return { ok: false, problem: `dpkg-deb cannot unpack ${file}: ${extraction.output.trim()}` };
  }
  for (const [name, library] of Object.entries(libraries)) {
    const packageFolder = join(unpacked, "usr/lib/python3/dist-packages", library);
    if (!existsSync(packageFolder)) return { ok: false, problem: `${name} has no '${library}' for every Python 3` };
    cpSync(packageFolder, join(target, library), { recursive: true });
    cpSync(join(unpacked, "usr/share/doc", name, "copyright"), join(target, `${library}-licence`, "copyright"));
  }
  return { ok: true, source: `apt from ${files.sort().join(", ")}` };
}
