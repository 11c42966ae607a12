import { join } from "node:path";
import { readConfigFile, writeConfigFile } from "../system/files/config-file.ts";

const mostRecent = 20;

/** Recently rendered blendfiles, newest first, to be proposed in a question. */
export async function recentBlends(configFolder: string): Promise<string[]> {
  try {
    const value: unknown = JSON.parse(readConfigFile(fileOf(configFolder)));
    return Array.isArray(value) ? value.filter((path) => typeof path === "string").slice(0, mostRecent) : [];
  } catch {
    return []; // none yet, or a broken file, which is replaced later
  }
}

/** Remembers a blendfile. A failure is ignored: it is no reason to stop a render. */
export async function rememberBlend(configFolder: string, blend: string): Promise<void> {
  const paths = [blend, ...(await recentBlends(configFolder)).filter((path) => path !== blend)];
  try {
    await writeConfigFile(fileOf(configFolder), `${JSON.stringify(paths.slice(0, mostRecent), null, 1)}\n`);
  } catch {
    // Without a writable config folder there is only no proposal.
  }
}

function fileOf(configFolder: string): string {
  return join(configFolder, "recent-blendfiles.json");
}
