import { join } from "node:path";

/** Lists the names in a folder; empty if it cannot be read. */
export type ListFolder = (folder: string) => Promise<readonly string[]>;

/**
 * Finds the file that a path in the project means. A name that differs only in case, or in how accents are encoded, is
 * accepted if it is the only one: the blendfile may come from a system on which these names are the same.
 *
 * @param at Path in the project, with slashes
 * @returns The path on disk; `undefined` if there is no such file, or more than one
 */
export async function locate(project: string, at: string, list: ListFolder): Promise<string | undefined> {
  let path = project;
  for (const name of at.split("/")) {
    const found = sameName(await list(path), name);
    if (found === undefined) return undefined;
    path = join(path, found);
  }
  return path;
}

/** The name in a list that is the wanted one, or the only one that is alike. */
export function sameName(names: readonly string[], wanted: string): string | undefined {
  if (names.includes(wanted)) return wanted;
  const alike = names.filter((name) => folded(name) === folded(wanted));
  return alike.length === 1 ? alike[0] : undefined;
}

/** The form in which names are compared: without case, and with accents composed. */
export function folded(name: string): string {
  return name.normalize("NFC").toLowerCase();
}

/** How a path stands for several files: one of a numbered sequence, a placeholder for the numbers of tiles, or a folder. */
export type Form = "sequence" | "tiles" | "folder" | null;

/** What stands in an image's path for the number of a tile. */
export const tilePlaceholder = /<UDIM>|<UVTILE>/;

/**
 * All paths in the project that a path stands for: itself, the numbered files of its sequence, or the tiles of its
 * placeholder.
 *
 * @param names The names in its folder
 */
export function expand(at: string, form: Form, names: readonly string[]): readonly string[] {
  const slash = at.lastIndexOf("/") + 1;
  const [folder, name] = [at.slice(0, slash), at.slice(slash)];
  if (tilePlaceholder.test(name)) {
    const [before = "", after = ""] = name.split(tilePlaceholder);
    return matching(names, before, /^(?:\d{4}|u\d+_v\d+)$/, after).map((tile) => folder + tile);
  }
  const numbered = /^(.*?)(\d+)(\D*)$/.exec(name);
  if (form === null || numbered === null) return [at];
  const [, before = "", , after = ""] = numbered;
  // Up to Blender 3.0 the path of tiles has the number of the first one in place of a placeholder.
  const members = matching(names, before, form === "tiles" ? /^\d{4}$/ : /^\d+$/, after).map((each) => folder + each);
  return members.length === 0 ? [at] : members;
}

function matching(names: readonly string[], before: string, middle: RegExp, after: string): string[] {
  const least = before.length + after.length;
  return names.filter(
    (name) =>
      name.length > least &&
      name.startsWith(before) &&
      name.endsWith(after) &&
      middle.test(name.slice(before.length, name.length - after.length)),
  );
}

/** How deep simulations and bakes put files into the folder of their cache. */
const deepestCache = 3;

/** All files in a folder and its folders, as paths in the project. */
export async function filesBelow(folder: string, at: string, list: ListFolder, depth = 0): Promise<readonly Located[]> {
  const names = depth > deepestCache ? [] : await list(folder);
  const found = await Promise.all(
    names.map(async (name): Promise<readonly Located[]> => {
      const each = { at: `${at}/${name}`, path: join(folder, name) };
      const isFolder = (await list(each.path)).length > 0;
      return isFolder ? filesBelow(each.path, each.at, list, depth + 1) : [each];
    }),
  );
  return found.flat();
}

/** A file on this machine, and its path in the project. */
export interface Located {
  readonly at: string;
  readonly path: string;
}
