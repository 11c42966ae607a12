import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Where a kind of test keeps what takes long to get, from one run to the next.
 *
 * @param {"blenders" | "windows"} kind
 * @returns {string} absolute
 */
export function cacheFolderOf(kind) {
  const given = process.env[`RENDERFARM_${kind.toUpperCase()}_CACHE`];
  if (given) return given;
  const parent = process.getuid?.() === 0 ? "/var/cache" : join(homedir(), ".cache");
  return join(parent, "renderfarm-test", kind);
}
