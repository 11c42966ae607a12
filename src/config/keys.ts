import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FarmError, messageOf, systemCodeOf } from "../core/errors.ts";
import { type FarmKey, formatFarmKey, parseFarmKey } from "../core/farm-key.ts";
import { writeWholeFile } from "../core/whole-file.ts";

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
    await writeWholeFile(file, `${formatFarmKey(key)}\n`, true);
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
 * @throws {FarmError} `FARM_KEY_UNUSABLE` naming the source, never the key
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
  const usual = await readFile(usualFile, "utf8").catch((error: unknown) => {
    const code = systemCodeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR" || (code === "EACCES" && keys.length > 0)) return undefined;
    throw unreadable(usualFile, error, otherWays);
  });
  if (usual !== undefined) keys.push(parseFarmKey(usual, usualFile));
  return [...new Map(keys.map((key) => [key.id, key])).values()];
}

async function readKeyFile(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(
  file: string,
  error: unknown,
  hint = "Name a file that holds the key as the node showed it",
): FarmError {
  const message = `Cannot read the key file '${file}': ${messageOf(error)}`;
  return new FarmError("FARM_KEY_UNUSABLE", message, hint, { cause: error });
}
