import { join, resolve } from "node:path";
import { homeFolder } from "../system/files/home-folder.ts";

/** Where this program keeps data that outlives a job. */
export interface Folders {
  /** The farm key and the known nodes. */
  readonly config: string;
  /** Blobs of the node on this machine. */
  readonly cache: string;
}

const app = "renderfarm";

/** `RENDERFARM_CONFIG_DIR` and `RENDERFARM_CACHE_DIR`, or the usual places of the operating system. */
export function foldersOf(environment: NodeJS.ProcessEnv): Folders {
  const usual = usualFolders(process.platform, environment, homeFolder());
  const chosen = (name: string, otherwise: string) => {
    const value = environment[name];
    return resolve(value === undefined || value === "" ? otherwise : value);
  };
  return {
    config: chosen("RENDERFARM_CONFIG_DIR", usual.config),
    cache: chosen("RENDERFARM_CACHE_DIR", usual.cache),
  };
}

/** As in `blender_scripts/farm_node/paths.py`, so that a node and a coordinator of the same user share the key. */
export function usualFolders(platform: NodeJS.Platform, environment: NodeJS.ProcessEnv, home: string): Folders {
  if (platform === "darwin") {
    const library = join(home, "Library");
    return { config: join(library, "Preferences", app), cache: join(library, "Caches", app) };
  }
  if (platform === "win32") {
    const roaming = environment.APPDATA || join(home, "AppData", "Roaming");
    const local = environment.LOCALAPPDATA || join(home, "AppData", "Local");
    return { config: join(roaming, app, "Config"), cache: join(local, app, "Cache") };
  }
  const config = environment.XDG_CONFIG_HOME || join(home, ".config");
  const cache = environment.XDG_CACHE_HOME || join(home, ".cache");
  return { config: join(config, app), cache: join(cache, app) };
}
