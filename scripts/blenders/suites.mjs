import { cacheFolderOf } from "../tests/cache-folder.mjs";

/**
 * A Debian suite whose Blender is tested. `blender` was its version when this was written: sid gets newer ones.
 *
 * @typedef {object} Suite
 * @property {string} name
 * @property {string} blender
 * @property {readonly string[]} packages in addition to Blender itself
 */

/** What EEVEE needs to draw without a graphics card. */
const softwareGl = ["libegl1", "libgl1", "libopengl0", "libgl1-mesa-dri"];

/** Oldest first. Debian 12 with 3.4 is not here: that is usually the machine's own Blender. @type {Suite[]} */
export const suites = [
  // Before 3.x EEVEE can only draw on a display.
  { name: "bullseye", blender: "2.83", packages: [...softwareGl, "xvfb"] },
  { name: "trixie", blender: "4.3", packages: softwareGl },
  { name: "sid", blender: "5.2", packages: softwareGl },
];

export const mirror = process.env.RENDERFARM_DEBIAN_MIRROR || "http://deb.debian.org/debian";

/** Where the root folders are kept, about 1.5 GB each. @returns {string} */
export function cacheFolder() {
  return cacheFolderOf("blenders");
}
