import { dirname, isAbsolute, posix } from "node:path";
import { realPathOf } from "../system/files/real-path.ts";
import type { AssetRoots } from "./asset-roots.ts";
import { colorFile } from "./content-kinds.ts";
import { isFile } from "./file-checks.ts";
import { placeOf } from "./find-files.ts";
import { filesBelow, type ListFolder, type Located } from "./locate.ts";

/** A configuration and the files below its folder, which are its tables. */
export interface ColorConfig {
  /** Path in the job. */
  readonly at: string;
  readonly files: readonly Located[];
}

/**
 * Finds the color configuration that Blender takes from the environment variable OCIO: no blendfile names it.
 *
 * @param config Its path; `ocio://…` names one that is built into Blender
 * @returns `undefined` if it is in none of the roots
 */
export async function findColorConfig(
  config: string,
  roots: AssetRoots,
  list: ListFolder,
): Promise<ColorConfig | undefined> {
  if (!isAbsolute(config)) return undefined;
  const real = await realPathOf(config);
  const place = placeOf(real, roots);
  if (place === undefined || !colorFile.test(real) || !(await isFile(real))) return undefined;
  const below = await filesBelow(dirname(real), posix.dirname(place.at), list);
  return { at: place.at, files: below.filter(({ path }) => colorFile.test(path)) };
}
