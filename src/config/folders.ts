import { resolve } from "node:path";
import envPaths from "env-paths";

/** Where this program keeps what outlives a job. */
export interface Folders {
  /** The farm key and the nodes that are known. */
  readonly config: string;
  /** Blobs of the node on this machine. */
  readonly cache: string;
}

/** The usual places of the operating system, or `RENDERFARM_CONFIG_DIR` and `RENDERFARM_CACHE_DIR`. */
export function foldersOf(environment: NodeJS.ProcessEnv): Folders {
  const usual = envPaths("renderfarm", { suffix: "" });
  const chosen = (name: string, otherwise: string) => {
    const value = environment[name];
    return value === undefined || value === "" ? otherwise : resolve(value);
  };
  return {
    config: chosen("RENDERFARM_CONFIG_DIR", usual.config),
    cache: chosen("RENDERFARM_CACHE_DIR", usual.cache),
  };
}
