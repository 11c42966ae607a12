import { readdir } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import { folded } from "./locate.ts";

/** A walk ends after this many names: a root may be much larger than anybody thought. */
export const mostEntries = 100_000;

/** A name and its folder, or more, are surely alike; a name alone is not. */
const surelyAlike = 2;

/** All files below some folders, by their names, for paths of other machines that do not exist here. */
export class AssetIndex {
  readonly #files: ReadonlyMap<string, readonly string[]>;
  readonly #folders: ReadonlyMap<string, readonly string[]>;
  /** Whether there was more to read than is read. */
  readonly isPartial: boolean;

  constructor({ files, folders = [], left = 1 }: Partial<Walk> & Pick<Walk, "files">) {
    this.isPartial = left === 0;
    this.#files = byName(files);
    this.#folders = byName(folders);
  }

  /** Reads the folders. Hidden ones and job folders are skipped. */
  static async of(roots: readonly string[]): Promise<AssetIndex> {
    const walk: Walk = { files: [], folders: [], left: mostEntries };
    for (const root of roots) await collect(root, walk);
    return new AssetIndex(walk);
  }

  /**
   * The files that a path of another machine may mean: those whose paths end with the longest part of it, or with its
   * name alone.
   *
   * @param path In the form of any system
   * @param near Folders in which a file is meant rather than in others, the first ones rather than the next
   * @param isFolder Whether the path is that of a folder
   */
  endingLike(path: string, near: readonly (readonly string[])[], isFolder = false): Endings {
    const wanted = path.split(/[/\\]+/).filter((name) => name !== "");
    const alikeIn = (file: string) => {
      const names = file.split(sep);
      let alike = 1;
      while (alike < wanted.length && folded(names.at(-1 - alike) ?? "") === folded(wanted.at(-1 - alike) ?? ""))
        alike++;
      return alike;
    };
    const named = (isFolder ? this.#folders : this.#files).get(folded(wanted.at(-1) ?? "")) ?? [];
    const most = Math.max(0, ...named.map(alikeIn));
    const best = named.filter((file) => alikeIn(file) === most);
    const nearer = near.map((folders) => best.filter((file) => folders.includes(dirname(file))));
    const nearest = nearer.find(({ length }) => length > 0) ?? [];
    const files = nearest.length > 0 ? nearest : best;
    return { files, isSure: files.length === 1 && (most >= surelyAlike || nearest.length === 1) };
  }
}

/** Files that a path may mean, and whether it surely means the only one. */
export interface Endings {
  readonly files: readonly string[];
  readonly isSure: boolean;
}

function byName(paths: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const named = new Map<string, string[]>();
  for (const path of paths) {
    const name = folded(basename(path));
    const others = named.get(name);
    if (others === undefined) named.set(name, [path]);
    else others.push(path);
  }
  return named;
}

/** What a walk has found, and how many entries it may still read. */
interface Walk {
  readonly files: string[];
  readonly folders: string[];
  /** Entries that may still be read. */
  left: number;
}

async function collect(folder: string, walk: Walk): Promise<void> {
  const found = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of found) {
    if (entry.name.startsWith(".") || walk.left === 0) continue;
    walk.left -= 1;
    const path = join(folder, entry.name);
    if (entry.isFile()) walk.files.push(path);
    if (!entry.isDirectory() || entry.name.endsWith(".renderfarm")) continue;
    walk.folders.push(path);
    await collect(path, walk);
  }
}
