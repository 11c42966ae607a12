import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FarmError, messageOf, systemCodeOf } from "../core/errors.ts";
import { type FarmKey, formatFarmKey, parseFarmKey } from "../core/farm-key.ts";
import { writeWholeFile } from "../core/whole-file.ts";

/** Where this user's farm key is kept, by nodes and coordinators alike. */
export function keyFileOf(configFolder: string): string {
  return join(configFolder, "key");
}

/** Keeps a key for this user and nobody else. @returns The file */
export async function saveKey(key: FarmKey, configFolder: string): Promise<string> {
  const file = keyFileOf(configFolder);
  await writeWholeFile(file, `${formatFarmKey(key)}\n`, true);
  return file;
}

/**
 * Reads the farm keys this machine knows: of `RENDERFARM_KEY`, of the key file that was named, and the one that a node
 * or `renderfarm key` left in the config folder. A node says which of them it wants by the key's id.
 *
 * @returns The most explicit first, each once; empty when there is none
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
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw unreadable(usualFile, error);
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

function unreadable(file: string, error: unknown): FarmError {
  return new FarmError(
    "FARM_KEY_UNUSABLE",
    `Cannot read the key file '${file}': ${messageOf(error)}`,
    "Name a file that holds the key as the node showed it",
    { cause: error },
  );
}
