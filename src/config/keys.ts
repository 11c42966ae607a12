import { join } from "node:path";
import { FarmError, messageOf, systemCodeOf } from "../core/errors.ts";
import type { FarmKey } from "../core/farm-key.ts";
import { readConfigFile, writeConfigFile } from "../system/files/config-file.ts";
import { readRegularFile, whyUnreadable } from "../system/files/regular-file.ts";
import { formatFarmKey, parseFarmKey } from "./farm-key-text.ts";

/** Where this user's farm key is kept, by nodes and coordinators alike. */
export function keyFileOf(configFolder: string): string {
  return join(configFolder, "key");
}

/**
 * Keeps a key for this user and nobody else.
 *
 * @returns The file
 * @throws {FarmError} `FARM_KEY_UNUSABLE` when the config folder cannot be written to
 */
export async function saveKey(key: FarmKey, configFolder: string): Promise<string> {
  const file = keyFileOf(configFolder);
  try {
    await writeConfigFile(file, `${formatFarmKey(key)}\n`);
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    const message = `Cannot keep the farm key in ${file}: ${messageOf(error)}`;
    throw new FarmError("FARM_KEY_UNUSABLE", message, otherWays, { cause: error });
  }
  return file;
}

const otherWays =
  "Set HOME or RENDERFARM_CONFIG_DIR to a folder that this user can write to; a key can also be given by RENDERFARM_KEY or --key-file";

/**
 * Reads the farm keys this machine knows: of `RENDERFARM_KEY`, of the key file that was named, and the one that a node
 * or `renderfarm key` left in the config folder. A node says which of them it wants by the key's id.
 *
 * @returns The most explicit first, each once; empty when there is none. A config folder that is closed to this user counts
 *   as empty when a key was given
 * @throws {FarmError} `FARM_KEY_UNUSABLE` naming the source, never the key; `FARM_UNSAFE_PATH` when others can write to the
 *   config folder. The file that was named may belong to anybody: Kubernetes' secrets are links to files of root
 */
export async function loadKeys(sources: {
  readonly environment: NodeJS.ProcessEnv;
  readonly keyFile: string | undefined;
  readonly configFolder: string;
}): Promise<FarmKey[]> {
  const keys: FarmKey[] = [];
  if (sources.keyFile !== undefined) keys.push(parseFarmKey(await readKeyFile(sources.keyFile), sources.keyFile));
  const fromEnvironment = sources.environment.RENDERFARM_KEY;
  if (fromEnvironment) keys.push(parseFarmKey(fromEnvironment, "RENDERFARM_KEY"));
  const usualFile = keyFileOf(sources.configFolder);
  const usual = readUsual(usualFile, keys.length > 0);
  if (usual !== undefined) keys.push(parseFarmKey(usual, usualFile));
  return [...new Map(keys.map((key) => [key.id, key])).values()];
}

async function readKeyFile(file: string): Promise<string> {
  try {
    return await readRegularFile(file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** @param isOptional Whether a key was given already, so that this one need not be readable */
function readUsual(file: string, isOptional: boolean): string | undefined {
  try {
    return readConfigFile(file);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR" || (code === "EACCES" && isOptional)) return undefined;
    if (error instanceof FarmError && error.code === "FARM_UNSAFE_PATH") throw error;
    throw unreadable(file, error, otherWays);
  }
}

function unreadable(
  file: string,
  error: unknown,
  hint = "Name a regular file that holds the key as the node showed it; what a program prints can be given as RENDERFARM_KEY",
): FarmError {
  const message = `Cannot read the key file '${file}': ${whyUnreadable(error)}`;
  return new FarmError("FARM_KEY_UNUSABLE", message, hint, { cause: error });
}
