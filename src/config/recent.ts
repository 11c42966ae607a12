import { join } from "node:path";
import { readConfigFile, writeConfigFile } from "../system/files/config-file.ts";

const mostRecent = 20;

/** The blendfiles that were rendered last, newest first: what a question proposes. */
export async function recentBlends(configFolder: string): Promise<string[]> {
  try {
    const value: unknown = JSON.parse(readConfigFile(fileOf(configFolder)));
    return Array.isArray(value) ? value.filter((path) => typeof path === "string").slice(0, mostRecent) : [];
  } catch {
    return []; // none yet, or a broken file: it is written anew
  }
}

/** Remembers a blendfile; that it cannot be remembered is no reason to stop a render. */
export async function rememberBlend(configFolder: string, blend: string): Promise<void> {
  const paths = [blend, ...(await recentBlends(configFolder)).filter((path) => path !== blend)];
  try {
    await writeConfigFile(fileOf(configFolder), `${JSON.stringify(paths.slice(0, mostRecent), null, 1)}\n`);
  } catch {
    // A config folder that cannot be written to only costs the proposal.
  }
}

function fileOf(configFolder: string): string {
  return join(configFolder, "recent-blendfiles.json");
}
