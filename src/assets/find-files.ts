import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { isPortablePath } from "../core/paths/portable-path.ts";
import { isInside } from "../system/files/real-path.ts";
import { type AssetIndex, mostEntries } from "./asset-index.ts";
import { type AssetRoots, isShown, pathHere, pathInJob, rootOf } from "./asset-roots.ts";
import type { FrameNumbers } from "./frame-files.ts";
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

const mostCandidatesShown = 3;
const amongFirst = `among the first ${mostEntries} files`;

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
  /** Whether it can be heard in the scene. */
  readonly audible?: boolean | undefined;
  /** Digest of the file that the node has at an absolute path. */
  readonly sha256?: string | null | undefined;
  /** Where Blender looks for it, from the project's folder; `null` for an absolute path. */
  readonly at?: string | null | undefined;
  readonly form?: Form | undefined;
  /** The path in the file, if this is another view of the same picture. */
  readonly viewOf?: string | null | undefined;
  /** Which of several files a frame needs; without it, it may be any. */
  readonly numbers?: readonly FrameNumbers[] | null | undefined;
}

/** Whether a node needs the file and has none, or perhaps another one. @param isHeard Whether sound is needed too */
export function isWanted({ visible, audible, missing, sha256 }: FileReference, isHeard: boolean): boolean {
  const isUsed = visible !== false || (isHeard && audible === true);
  return isUsed && (missing || Boolean(sha256));
}

/** The files that a reference means, and where in the job its path should lead, if that is not where it does. */
export interface FoundFiles {
  readonly files: readonly Located[];
  readonly movedTo: string | null;
  /** Whether the path is that of another machine, and the files were found by its end. */
  readonly isSearched: boolean;
}

export interface FindOptions {
  readonly roots: AssetRoots;
  readonly list: ListFolder;
  /** All files in the roots; read only for paths that do not exist here. */
  readonly index: () => Promise<AssetIndex>;
  /** The path without links; of one that does not exist, the path. */
  readonly real: (path: string) => Promise<string>;
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
  if ("why" in named) return named;
  const { path, isSearched } = named;
  const place = placeOf(reference.kind === "shader" ? compiledOf(path) : path, roots);
  if (place === undefined) return outside(path, roots);
  const movedTo = place.at === reference.at ? null : place.at;
  const located = reference.form === "folder" ? await folderAt(place, list) : await filesAt(place, reference, list);
  if (located.length === 0) return { why: "it does not exist" };
  const shown = located.filter(({ path }) => isShown(path, place.root, roots));
  if (shown.length === 0) return { why: "it is hidden: --asset-root with its folder sends it" };
  if (!located.every(({ at }) => isPortablePath(at))) return { why: "its name is not allowed on every system" };
  return { files: shown, movedTo, isSearched };
}

/** Blender reads the compiled shader beside a text, and a node does not compile: that would write beside the text too. */
function compiledOf(path: string): string {
  return path.replace(/\.osl$/i, ".oso");
}

/** The file that a path means, its sequence, or its tiles. */
async function filesAt({ root, inRoot, inJob }: Place, { form }: FileReference, list: ListFolder): Promise<Located[]> {
  const slash = inRoot.lastIndexOf("/") + 1;
  const holding = slash === 0 ? root : await locate(root, inRoot.slice(0, slash - 1), list);
  const files: Located[] = [];
  for (const each of holding === undefined ? [] : expand(inRoot, form ?? null, await list(holding))) {
    const path = await locate(root, each, list);
    if (path !== undefined) files.push({ at: inJob(each), path });
  }
  return files;
}

async function folderAt({ root, inRoot, at }: Place, list: ListFolder): Promise<readonly Located[]> {
  const path = await locate(root, inRoot, list);
  return path === undefined ? [] : filesBelow(path, at, list);
}

/** A path on this machine, and whether it was found by the end of a path of another one. */
interface NamedPath {
  readonly path: string;
  readonly isSearched: boolean;
}

/** The absolute path that a reference means on this machine. */
async function pathOf(reference: FileReference, options: FindOptions): Promise<NamedPath | NoFiles> {
  const { path, at } = reference;
  const { roots, list } = options;
  if (at) {
    const named = pathHere(at, roots.base);
    const isElsewhere = placeOf(named, roots) === undefined && !(await isThere(named, list));
    if (isElsewhere) return { why: `it does not exist, and would be outside the project ${roots.project}` };
    return { path: named, isSearched: false };
  }
  if (!isAbsolute(path)) return await search(reference, options);
  const named = resolve(path);
  if (placeOf(named, roots) !== undefined) return { path: named, isSearched: false };
  // Roots have no links in their paths, and this path may.
  const real = await options.real(named);
  if (placeOf(real, roots) !== undefined) return { path: real, isSearched: false };
  // Another file with the same ending would not be the one that the artist's Blender uses.
  return (await isThere(named, list)) ? outside(named, roots) : await search(reference, options);
}

/** Looks for the file that an absolute path of another machine means. */
async function search({ path, form }: FileReference, options: FindOptions): Promise<NamedPath | NoFiles> {
  const [tiles] = tilePlaceholder.exec(path) ?? [];
  const named = tiles === undefined ? path : path.replace(tilePlaceholder, firstTiles[tiles] ?? "");
  const index = await options.index();
  const { files, isSure } = index.endingLike(named, nearFolders(options.roots), form === "folder");
  const [first] = files;
  if (first === undefined) {
    return { why: `it is neither here nor ${index.isPartial ? `${amongFirst} of ` : "in "}the project` };
  }
  const isClear = isSure || (files.length > 1 && (await options.areAlike(files)));
  if (!isClear) return { why: `it could be ${anyOf(files)}`, candidates: files };
  const tilesPath = () => join(dirname(first), basename(path.replaceAll("\\", "/")));
  return { path: tiles === undefined ? first : tilesPath(), isSearched: true };
}

/**
 * Folders in which a file is meant rather than in others, the first ones rather than the next: a root that the user has
 * named chooses, the last one first. One around the blendfile says only what may be sent.
 */
function nearFolders({ blendFolder, named }: AssetRoots): readonly (readonly string[])[] {
  const choosing = named.filter((root) => !isInside(root, blendFolder)).reverse();
  return [...choosing.map((root) => [root]), [blendFolder, join(blendFolder, "textures")]];
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
  /** The path in the root, with slashes. */
  readonly inRoot: string;
  /** The path in the job. */
  readonly at: string;
  /** The path in the job of another path in the root. */
  inJob(inRoot: string): string;
}

export function placeOf(path: string, roots: AssetRoots): Place | undefined {
  const root = rootOf(path, roots);
  if (root === undefined) return undefined;
  const inJob = (inRoot: string) => pathInJob(join(root, ...inRoot.split("/")), roots.base);
  return { root, inRoot: pathInJob(path, root), at: pathInJob(path, roots.base), inJob };
}
