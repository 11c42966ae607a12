import { statSync } from "node:fs";
import { dirname } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { systemCodeOf } from "../../core/errors.ts";
import { makeFolders } from "./folders.ts";
import { whileHeld } from "./held-files.ts";
import { requireTrustedOwner } from "./owners.ts";
import { readRegularFileSync } from "./regular-file.ts";

/** Only the owner may read these files. */
const ownerOnly = { file: 0o600, folder: 0o700 };

/**
 * Reads a file of the config folder. Links are followed, because many people keep their settings elsewhere. The owner
 * and the permissions of folder and file are checked.
 *
 * @throws {FarmError} `FARM_UNSAFE_PATH` if somebody else could have written it; `FARM_BAD_INPUT` if it is not a
 * regular file; the system's error if it cannot be read
 */
export function readConfigFile(path: string): string {
  requireOwnConfigFolder(dirname(path));
  return readRegularFileSync(path, (stats) => requireTrustedOwner(path, stats));
}

/**
 * Writes a file of the config folder, completely or not at all, readable by its owner only. Makes a missing folder.
 *
 * @throws {FarmError} `FARM_UNSAFE_PATH` if others can write to the folder
 */
export async function writeConfigFile(path: string, text: string): Promise<void> {
  await makeFolders(dirname(path), ownerOnly.folder);
  requireOwnConfigFolder(dirname(path));
  await whileHeld(() => writeFileAtomic(path, text, { mode: ownerOnly.file }));
}

/**
 * Checks that nobody else can write to the config folder: they could replace the key, or remove the known nodes. A
 * missing folder is fine.
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
