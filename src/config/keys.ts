import { join } from "node:path";
import { readConfigFile, writeConfigFile } from "../core/config-file.ts";
import { FarmError, systemCodeOf } from "../core/errors.ts";
import { type FarmKey, formatFarmKey, parseFarmKey } from "../core/farm-key.ts";
import { readRegularFile, whyUnreadable } from "../core/regular-file.ts";

/** Where this user's farm key is kept, by nodes and coordinators alike. */
export function keyFileOf(configFolder: string): string {
  return join(configFolder, "key");
}

/** Keeps a key for this user and nobody else. @returns The file */
export async function saveKey(key: FarmKey, configFolder: string): Promise<string> {
  const file = keyFileOf(configFolder);
  await writeConfigFile(file, `${formatFarmKey(key)}\n`);
  return file;
}

/**
 * Reads the farm keys this machine knows: of `RENDERFARM_KEY`, of the key file that was named, and the one that a node
 * or `renderfarm key` left in the config folder. A node says which of them it wants by the key's id.
 *
 * @returns The most explicit first, each once; empty when there is none
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
  const usual = readUsual(usualFile);
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

function readUsual(file: string): string | undefined {
  try {
    return readConfigFile(file);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    if (error instanceof FarmError && error.code === "FARM_UNSAFE_PATH") throw error;
    throw unreadable(file, error);
  }
}

function unreadable(file: string, error: unknown): FarmError {
  return new FarmError(
    "FARM_KEY_UNUSABLE",
    `Cannot read the key file '${file}': ${whyUnreadable(error)}`,
    "Name a regular file that holds the key as the node showed it; what a program prints can be given as RENDERFARM_KEY",
    { cause: error },
  );
}
