import { homedir } from "node:os";
import { join } from "node:path";

/**
 * The folder where a kind of test keeps large downloads between runs.
 *
 * @param {"blenders" | "formats" | "windows"} kind
 * @returns {string} absolute
 */
export function cacheFolderOf(kind) {
  const given = process.env[`RENDERFARM_${kind.toUpperCase()}_CACHE`];
  if (given) return given;
  const parent = process.getuid?.() === 0 ? "/var/cache" : join(homedir(), ".cache");
  return join(parent, "renderfarm-test", kind);
}
