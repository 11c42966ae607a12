import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { removeEmptyFolder } from "../../system/files/held-files.ts";

/**
 * Which folders were not there before a job: those it makes are taken away again when it ends before there is anything to
 * render, so that bad input leaves nothing behind.
 */
export class CreatedFolders {
  /** Deepest first. */
  readonly #missing: readonly string[];

  private constructor(missing: readonly string[]) {
    this.#missing = missing;
  }

  /** Looks at what is there now. @param paths What the job may make folders for, or above; `undefined` counts for nothing */
  static async before(...paths: readonly (string | undefined)[]): Promise<CreatedFolders> {
    const named = paths.filter((path) => path !== undefined);
    const missing = new Set((await Promise.all(named.map((path) => missingFrom(resolve(path))))).flat());
    return new CreatedFolders([...missing].sort((a, b) => b.length - a.length));
  }

  /** Whether a folder was not there before. */
  isNew(folder: string): boolean {
    return this.#missing.includes(resolve(folder));
  }

  /** Removes what was made, as far as it is empty: something of somebody else stays. */
  async remove(): Promise<void> {
    for (const folder of this.#missing) await removeEmptyFolder(folder).catch(() => {});
  }
}

/** The path and the folders above it that do not exist. */
async function missingFrom(path: string): Promise<string[]> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  return isThere || dirname(path) === path ? [] : [path, ...(await missingFrom(dirname(path)))];
}
