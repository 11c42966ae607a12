import { statSync } from "node:fs";
import { dirname } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { systemCodeOf } from "../../core/errors.ts";
import { makeFolders } from "./folders.ts";
import { whileHeld } from "./held-files.ts";
import { requireTrustedOwner } from "./owners.ts";
import { readRegularFileSync } from "./regular-file.ts";

/** Nobody but its owner may read what is kept here. */
const ownerOnly = { file: 0o600, folder: 0o700 };

/**
 * Reads a file of the config folder. Links are followed: many people keep their settings elsewhere. Who could have
 * written what is read is looked at, of the folder and of the file.
 *
 * @throws {FarmError} `FARM_UNSAFE_PATH` when somebody else could; `FARM_BAD_INPUT` when it is no regular file; the
 *   system's error when it cannot be read
 */
export function readConfigFile(path: string): string {
  requireOwnConfigFolder(dirname(path));
  return readRegularFileSync(path, (stats) => requireTrustedOwner(path, stats));
}

/**
 * Writes a file of the config folder, whole or not at all, for its owner alone. A folder that is missing is made.
 *
 * @throws {FarmError} `FARM_UNSAFE_PATH` when others can write to the folder
 */
export async function writeConfigFile(path: string, text: string): Promise<void> {
  await makeFolders(dirname(path), ownerOnly.folder);
  requireOwnConfigFolder(dirname(path));
  await whileHeld(() => writeFileAtomic(path, text, { mode: ownerOnly.file }));
}

/**
 * Looks who can write to the config folder: whoever can, could put another key there, or take away what is known of the
 * nodes. One that is not there yet is fine.
 *
 * @throws {FarmError} `FARM_UNSAFE_PATH`
 */
function requireOwnConfigFolder(folder: string): void {
  try {
    requireTrustedOwner(folder, statSync(folder));
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT") throw error;
  }
}
