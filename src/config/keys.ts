import { existsSync } from "node:fs";
import { join } from "node:path";
import { FarmError, messageOf, systemCodeOf } from "../core/errors.ts";
import type { FarmKey } from "../core/farm-key.ts";
import { readConfigFile, writeConfigFile } from "../system/files/config-file.ts";
import { readRegularFile, whyUnreadable } from "../system/files/regular-file.ts";
import { formatFarmKey, parseFarmKey } from "./farm-key-text.ts";

/** The file of this user's farm key, for nodes and coordinators alike. */
export function keyFileOf(configFolder: string): string {
  return join(configFolder, "key");
}

/**
 * Saves a key so that only this user can read it.
 *
 * @returns The file
 * @throws {FarmError} `FARM_KEY_UNUSABLE` if the config folder cannot be written to
 */
export async function saveKey(key: FarmKey, configFolder: string): Promise<string> {
  const file = keyFileOf(configFolder);
  try {
    await writeConfigFile(file, `${formatFarmKey(key)}\n`);
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    const message = `Cannot save the farm key in ${file}: ${messageOf(error)}`;
    throw new FarmError("FARM_KEY_UNUSABLE", message, otherWays, { cause: error });
  }
  return file;
}

/**
 * Saves a key on a machine that has none. It never replaces one.
 *
 * @returns The file
 * @throws {FarmError} `FARM_KEY_UNUSABLE` if there is a key by now, or the config folder cannot be written to
 */
export async function saveNewKey(key: FarmKey, configFolder: string): Promise<string> {
  const file = keyFileOf(configFolder);
  if (!existsSync(file)) return await saveKey(key, configFolder);
  const message = `Cannot save the farm key ${key.id}: there is another key in ${file} by now`;
  throw new FarmError("FARM_KEY_UNUSABLE", message, "Start again: this machine belongs to a farm already");
}

const otherWays =
  "Set HOME or RENDERFARM_CONFIG_DIR to a folder that this user can write to; a key can also be given by RENDERFARM_KEY or --key-file";

/**
 * Reads the farm keys that this machine knows: from `RENDERFARM_KEY`, from the named key file, and the one that a node
 * or `renderfarm key` has saved in the config folder. A node names the key that it wants by the key's id.
 *
 * @returns The most explicit first, without duplicates; empty if there is none. A config folder that this user cannot
 * read counts as empty if a key was given
 * @throws {FarmError} `FARM_KEY_UNUSABLE` naming the source, never the key; `FARM_UNSAFE_PATH` if others can write to
 * the config folder. The named file may belong to anybody: secrets of Kubernetes are links to files of root
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

/** @param isOptional Whether this file need not be readable, because a key was given another way */
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
  hint = "Name a regular file that holds the key as the node showed it; to use the output of a program, set RENDERFARM_KEY",
): FarmError {
  const message = `Cannot read the key file '${file}': ${whyUnreadable(error)}`;
  return new FarmError("FARM_KEY_UNUSABLE", message, hint, { cause: error });
}
