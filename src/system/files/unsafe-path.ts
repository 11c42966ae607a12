import { FarmError } from "../../core/errors.ts";

/**
 * A file or folder is not used because of what it is: a link, somebody else's, or open to all.
 *
 * @param why "it is a link"
 */
export function unsafePath(path: string, why: string, hint: string): FarmError {
  return new FarmError("FARM_UNSAFE_PATH", `Cannot use ${path}: ${why}`, hint);
}
