import { cacheFolderOf } from "../tests/cache-folder.mjs";

/**
 * A Debian suite whose Blender is tested. The versions are what the suite held when this was written: sid moves on.
 *
 * @typedef {object} Suite
 * @property {string} name
 * @property {string} blender
 * @property {readonly string[]} packages beside Blender itself
 */

/** What EEVEE needs to draw without a graphics card. */
const softwareGl = ["libegl1", "libgl1", "libopengl0", "libgl1-mesa-dri"];

/** The oldest first. Debian 12 with 3.4 is left out: that Blender is usually the machine's own. @type {Suite[]} */
export const suites = [
  // Before 3.x EEVEE draws on a display only.
  { name: "bullseye", blender: "2.83", packages: [...softwareGl, "xvfb"] },
  { name: "trixie", blender: "4.3", packages: softwareGl },
  { name: "sid", blender: "5.2", packages: softwareGl },
];

export const mirror = process.env.RENDERFARM_DEBIAN_MIRROR || "http://deb.debian.org/debian";

/** Where root folders are kept: about 1.5 GB each. @returns {string} */
export function cacheFolder() {
  return cacheFolderOf("blenders");
}
