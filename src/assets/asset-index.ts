import { readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { folded } from "./locate.ts";

/** A walk ends after this many names: a root may be much larger than anybody thought. */
const mostEntries = 100_000;

/** All files below some folders, by their names, for paths of other machines that do not exist here. */
export class AssetIndex {
  readonly #byName = new Map<string, string[]>();
  #entries = 0;

  /** Reads the folders. Hidden ones and job folders are skipped. */
  static async of(roots: readonly string[]): Promise<AssetIndex> {
    const index = new AssetIndex();
    for (const root of roots) await index.#read(root);
    return index;
  }

  /**
   * The files whose paths end like a path of another machine: by at least two names, or by its name alone in one of the
   * near folders.
   *
   * @param path In the form of any system
   * @param near Folders in which the name alone is enough
   * @returns The files with the longest common ending
   */
  endingLike(path: string, near: readonly string[]): readonly string[] {
    const wanted = path.split(/[/\\]+/).filter((name) => name !== "");
    const name = wanted.at(-1);
    if (name === undefined) return [];
    const scored = (this.#byName.get(folded(name)) ?? []).map((file) => {
      const names = file.split(sep);
      let alike = 1;
      while (alike < wanted.length && folded(names.at(-1 - alike) ?? "") === folded(wanted.at(-1 - alike) ?? ""))
        alike++;
      return { file, alike };
    });
    const most = Math.max(0, ...scored.map(({ alike }) => alike));
    const best = scored.filter(({ alike }) => alike === most).map(({ file }) => file);
    if (most >= 2) return best;
    return best.filter((file) => near.some((folder) => relative(folder, file) === file.split(sep).at(-1)));
  }

  async #read(folder: string): Promise<void> {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (entry.name.startsWith(".") || ++this.#entries > mostEntries) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !entry.name.endsWith(".renderfarm")) await this.#read(path);
      else if (entry.isFile())
        this.#byName.set(folded(entry.name), [...(this.#byName.get(folded(entry.name)) ?? []), path]);
    }
  }
}
