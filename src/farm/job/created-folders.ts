import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { removeEmptyFolder } from "../../system/files/held-files.ts";

/**
 * Folders that did not exist before a job. Those it makes are removed if it ends before there is anything to render, so
 * that bad input leaves nothing behind.
 */
export class CreatedFolders {
  /** Deepest first. */
  readonly #missing: readonly string[];

  private constructor(missing: readonly string[]) {
    this.#missing = missing;
  }

  /** Notes what exists now. @param paths Which the job may make, with the folders above them; `undefined` is ignored */
  static async before(...paths: readonly (string | undefined)[]): Promise<CreatedFolders> {
    const named = paths.filter((path) => path !== undefined);
    const missing = new Set((await Promise.all(named.map((path) => missingFrom(resolve(path))))).flat());
    return new CreatedFolders([...missing].sort((a, b) => b.length - a.length));
  }

  /** Whether a folder did not exist before. */
  isNew(folder: string): boolean {
    return this.#missing.includes(resolve(folder));
  }

  /** Removes the folders that were made and are empty: files of somebody else stay. */
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
