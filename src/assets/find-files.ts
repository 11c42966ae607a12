import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { isInside } from "../system/files/real-path.ts";
import type { AssetIndex } from "./asset-index.ts";
import { type AssetRoots, pathHere, pathInJob } from "./asset-roots.ts";
import {
  expand,
  type Form,
  filesBelow,
  type ListFolder,
  type Located,
  locate,
  sameName,
  tilePlaceholder,
} from "./locate.ts";
import { isProjectPath, isVisible } from "./project-path.ts";

const mostCandidatesShown = 3;

/** What a placeholder for tiles stands for, as every set of tiles has it. */
const firstTiles: Readonly<Record<string, string>> = { "<UDIM>": "1001", "<UVTILE>": "u1_v1" };

/** A file that a blendfile or one of its libraries names, as a node reports it (docs/protocol.md, `sceneInfo`). */
export interface FileReference {
  readonly kind: string;
  /** As the file has it. */
  readonly path: string;
  readonly missing: boolean;
  /** Whether it can change a rendered picture; `undefined` means that it can. */
  readonly visible?: boolean | undefined;
  /** Digest of the file that the node has at an absolute path. */
  readonly sha256?: string | null | undefined;
  /** Where Blender looks for it, from the project's folder; `null` for an absolute path. */
  readonly at?: string | null | undefined;
  readonly form?: Form | undefined;
  /** The path in the file, if this is another view of the same picture. */
  readonly viewOf?: string | null | undefined;
}

/** The files that a reference means, and where in the job its path should lead, if that is not where it does. */
export interface FoundFiles {
  readonly files: readonly Located[];
  readonly movedTo: string | null;
}

export interface FindOptions {
  readonly roots: AssetRoots;
  readonly list: ListFolder;
  /** All files in the roots; read only for paths that do not exist here. */
  readonly index: () => Promise<AssetIndex>;
  /** Whether files have the same contents. */
  readonly areAlike: (files: readonly string[]) => Promise<boolean>;
}

/** Why no file may be sent for a reference, as text for the user. */
export interface NoFiles {
  readonly why: string;
  /** The path of an existing file that may not be sent, because it is in none of the roots. */
  readonly outside?: string;
  /** Files in the roots that may be meant. */
  readonly candidates?: readonly string[];
}

/** Finds the files on this machine that a reference means. */
export async function findFiles(reference: FileReference, options: FindOptions): Promise<FoundFiles | NoFiles> {
  const { roots, list } = options;
  const named = await pathOf(reference, options);
  if (typeof named !== "string") return named;
  const place = placeOf(reference.kind === "shader" ? compiledOf(named) : named, roots);
  if (place === undefined) return outside(named, roots);
  const movedTo = place.at === reference.at ? null : place.at;
  const located = reference.form === "folder" ? await folderAt(place, list) : await filesAt(place, reference, list);
  if (located.length === 0) return { why: "it does not exist" };
  const shown = located.filter(({ path }) => isShown(path, place.root, roots));
  if (shown.length === 0) return { why: "it is hidden: --asset-root with its folder sends it" };
  if (!located.every(({ at }) => isProjectPath(at))) return { why: "its name is not allowed on every system" };
  return { files: shown, movedTo };
}

/** Whether no part of a path is hidden, below the innermost root: what is above it, the user has named. */
function isShown(path: string, root: string, { named }: AssetRoots): boolean {
  const [innermost = root] = named.filter((each) => isInside(each, path)).sort((a, b) => b.length - a.length);
  return isVisible(
    relative(innermost.length > root.length ? innermost : root, path)
      .split(sep)
      .join("/"),
  );
}

/** Blender reads the compiled shader beside a text, and a node does not compile: that would write beside the text too. */
function compiledOf(path: string): string {
  return path.replace(/\.osl$/i, ".oso");
}

/** The file that a path means, its sequence, or its tiles. */
async function filesAt({ root, folder, at }: Place, { form }: FileReference, list: ListFolder): Promise<Located[]> {
  const inRoot = at.slice(folder.length);
  const slash = inRoot.lastIndexOf("/") + 1;
  const holding = slash === 0 ? root : await locate(root, inRoot.slice(0, slash - 1), list);
  const files: Located[] = [];
  for (const each of holding === undefined ? [] : expand(inRoot, form ?? null, await list(holding))) {
    const path = await locate(root, each, list);
    if (path !== undefined) files.push({ at: folder + each, path });
  }
  return files;
}

async function folderAt({ root, folder, at }: Place, list: ListFolder): Promise<readonly Located[]> {
  const path = await locate(root, at.slice(folder.length), list);
  return path === undefined ? [] : filesBelow(path, at, list);
}

/** The absolute path that a reference means on this machine. */
async function pathOf(reference: FileReference, options: FindOptions): Promise<string | NoFiles> {
  const { path, at } = reference;
  const { roots, list } = options;
  if (at) {
    const named = pathHere(at, roots.base);
    const isElsewhere = placeOf(named, roots) === undefined && !(await isThere(named, list));
    return isElsewhere ? { why: `it does not exist, and would be outside the project ${roots.project}` } : named;
  }
  if (isAbsolute(path) && placeOf(resolve(path), roots) !== undefined) return resolve(path);
  // Another file with the same ending would not be the one that the artist's Blender uses.
  if (isAbsolute(path) && (await isThere(resolve(path), list))) return outside(resolve(path), roots);
  return search(reference, options);
}

/** Looks for the file that an absolute path of another machine means. */
async function search({ path, form }: FileReference, options: FindOptions): Promise<string | NoFiles> {
  const [tiles] = tilePlaceholder.exec(path) ?? [];
  const named = tiles === undefined ? path : path.replace(tilePlaceholder, firstTiles[tiles] ?? "");
  const { files, isSure } = (await options.index()).endingLike(named, nearFolders(options.roots), form === "folder");
  const [first] = files;
  if (first === undefined) return { why: "it is neither here nor in the project" };
  const isClear = isSure || (files.length > 1 && (await options.areAlike(files)));
  if (!isClear) return { why: `it could be ${anyOf(files)}`, candidates: files };
  return tiles === undefined ? first : join(dirname(first), basename(path.replaceAll("\\", "/")));
}

/** Folders in which a file is meant rather than in others. */
function nearFolders({ blendFolder, named }: AssetRoots): readonly string[] {
  return [blendFolder, join(blendFolder, "textures"), ...named];
}

function anyOf(files: readonly string[]): string {
  const shown = files.slice(0, mostCandidatesShown).join(", ");
  const more = files.length - mostCandidatesShown;
  return `${files.length > 1 ? "any of " : ""}${shown}${more > 0 ? ` and ${more} more` : ""}`;
}

function outside(path: string, { project }: AssetRoots): NoFiles {
  return { why: `it is outside the project ${project}`, outside: path };
}

async function isThere(path: string, list: ListFolder): Promise<boolean> {
  return sameName(await list(dirname(path)), basename(path)) !== undefined;
}

/** A path, and the root that holds it. */
interface Place {
  readonly root: string;
  /** The path of the root in the job, with a slash; empty for the base. */
  readonly folder: string;
  /** The path in the job. */
  readonly at: string;
}

export function placeOf(path: string, { project, others, base }: AssetRoots): Place | undefined {
  const root = [project, ...others].find((each) => isInside(each, path));
  if (root === undefined) return undefined;
  return { root, folder: root === base ? "" : `${pathInJob(root, base)}/`, at: pathInJob(path, base) };
}
