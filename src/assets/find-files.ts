import { basename, isAbsolute, join, relative, resolve, sep } from "node:path";
import type { AssetIndex } from "./asset-index.ts";
import { type AssetRoots, isInside } from "./asset-roots.ts";
import { expand, type Form, type ListFolder, locate } from "./locate.ts";
import { isProjectPath, isVisible } from "./project-path.ts";

/** A file that a blendfile or one of its libraries names, as a node reports it (docs/protocol.md, `sceneInfo`). */
export interface FileReference {
  readonly kind: string;
  /** As the file has it. */
  readonly path: string;
  readonly missing: boolean;
  /** Where Blender looks for it, from the project's folder; `null` for an absolute path. */
  readonly at?: string | null | undefined;
  readonly form?: Form | undefined;
}

/** A file on this machine, and its path in the project. */
export interface Found {
  readonly at: string;
  readonly path: string;
}

/** The files that a reference means, and where in the project its path should lead, if that is not where it does. */
export interface FoundFiles {
  readonly files: readonly Found[];
  readonly movedTo: string | null;
}

export interface FindOptions {
  readonly roots: AssetRoots;
  readonly list: ListFolder;
  /** All files in the roots; read only for paths that do not exist here. */
  readonly index: () => Promise<AssetIndex>;
}

/**
 * Finds the files on this machine that a reference means.
 *
 * @returns Why there are none that may be sent, as text for the user
 */
export async function findFiles(reference: FileReference, options: FindOptions): Promise<FoundFiles | string> {
  const { roots, list } = options;
  const named = await pathOf(reference, options);
  if (typeof named !== "string") return named.why;
  const place = placeOf(named, roots);
  if (place === undefined) return `it is outside the project ${roots.project}`;
  const { root, folder, at } = place;
  const inRoot = at.slice(folder.length);
  const slash = inRoot.lastIndexOf("/") + 1;
  const holding = slash === 0 ? root : await locate(root, inRoot.slice(0, slash - 1), list);
  const files: Found[] = [];
  for (const each of holding === undefined ? [] : expand(inRoot, reference.form ?? null, await list(holding))) {
    const path = await locate(root, each, list);
    if (path === undefined) continue;
    if (!isVisible(each)) return "it is hidden";
    if (!isProjectPath(folder + each)) return "its name is not allowed on every system";
    files.push({ at: folder + each, path });
  }
  if (files.length === 0) return "it does not exist";
  return { files, movedTo: at === reference.at ? null : at };
}

/** The absolute path that a reference means on this machine. */
async function pathOf(
  { path, at }: FileReference,
  { roots, index }: FindOptions,
): Promise<string | { readonly why: string }> {
  if (at) return resolve(roots.project, ...at.split("/"));
  if (isAbsolute(path) && placeOf(resolve(path), roots) !== undefined) return resolve(path);
  const near = [roots.blendFolder, join(roots.blendFolder, "textures")];
  const alike = (await index()).endingLike(path, near);
  const [only] = alike;
  if (alike.length > 1) return { why: `it could be any of ${alike.slice(0, 3).join(", ")}` };
  return only ?? { why: "it is neither here nor in the project" };
}

/** The root that holds a path, and the path in the project: files of other roots are in folders of their own there. */
function placeOf(path: string, { project, others }: AssetRoots) {
  const roots = [project, ...others];
  const index = roots.findIndex((root) => isInside(root, path));
  const root = roots[index];
  if (root === undefined) return undefined;
  const folder = index === 0 ? "" : `external-${index}-${basename(root).replace(/[^\w-]/g, "_")}/`;
  return { root, folder, at: folder + relative(root, path).split(sep).join("/") };
}
