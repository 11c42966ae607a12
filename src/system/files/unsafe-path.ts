import { FarmError } from "../../core/errors.ts";

/**
 * The error for a file or folder that is not safe to use: a link, somebody else's, or writable by all.
 *
 * @param why For example "it is a link"
 */
export function unsafePath(path: string, why: string, hint: string): FarmError {
  return new FarmError("FARM_UNSAFE_PATH", `Cannot use ${path}: ${why}`, hint);
}
