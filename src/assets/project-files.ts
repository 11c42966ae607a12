import { createHash } from "node:crypto";
import { lstat, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { hashFile } from "../system/files/hash-file.ts";
import { realPathOf } from "../system/files/real-path.ts";
import { openRegularFile } from "../system/files/regular-file.ts";
import { replaceFile } from "../system/files/whole-file.ts";
import { type AssetRoots, isInside } from "./asset-roots.ts";
import { isOfKind } from "./content-kinds.ts";
import { expand, type Form, type ListFolder, locate } from "./locate.ts";

/** A file that a blendfile or one of its libraries names, as a node reports it (docs/protocol.md, `sceneInfo`). */
export interface FileReference {
  readonly kind: string;
  readonly path: string;
  readonly missing: boolean;
  readonly at?: string | null | undefined;
  readonly form?: Form | undefined;
}

/** A file to be sent, identified by its content. */
export interface FileBlob {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface ProjectFilesOptions {
  /** The copy of the blendfile that the nodes get. */
  readonly blend: string;
  /** `null` sends no file. */
  readonly roots: AssetRoots | null;
  /** Folder for the list of the files; it exists. */
  readonly folder: string;
  /** Which of these texts stand in a blendfile. */
  readonly textsIn: (path: string, texts: Iterable<string>) => Promise<ReadonlySet<string>>;
}

/** A file in the project. */
interface ProjectFile extends FileBlob {
  /** Its path in the project, with slashes. */
  readonly at: string;
}

const headBytes = 32;
/** A sequence may have very many files; more are a mistake, or an attack. */
const mostFiles = 100_000;

/**
 * The files that travel with a blendfile. They become known while nodes open it: the blendfile names some, and libraries
 * among them name others.
 *
 * A node cannot get any other file. What it asks for must stand in the blendfile or in a library that was sent, be in the
 * project, not be hidden, and contain what its reference says.
 */
export class ProjectFiles {
  readonly #options: ProjectFilesOptions;
  readonly #files = new Map<string, ProjectFile>();
  readonly #asked = new Set<string>();
  readonly #listings = new Map<string, Promise<readonly string[]>>();
  #list: FileBlob | null = null;
  /** Nodes open the blendfile at the same time; their references are processed one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ProjectFilesOptions) {
    this.#options = options;
  }

  /** The blendfile's path in the project. */
  get blendPath(): string {
    return this.#options.roots?.blendPath ?? basename(this.#options.blend);
  }

  /** What a node needs besides the blendfile, to open it. `list` names the files; `null` if there are none. */
  get current(): { readonly files: readonly FileBlob[]; readonly list: FileBlob | null } {
    return { files: [...this.#files.values()], list: this.#list };
  }

  /** Adds the files of references that are missing on a node. @returns Whether there are new files */
  add(references: readonly FileReference[]): Promise<boolean> {
    const adding = this.#turn.then(() => this.#add(references));
    this.#turn = adding.catch(() => {});
    return adding;
  }

  async #add(references: readonly FileReference[]): Promise<boolean> {
    const before = this.#files.size;
    const fresh = references.filter(({ missing, at }) => missing && at && !this.#asked.has(at));
    for (const { at } of fresh) this.#asked.add(at ?? "");
    for (const reference of await this.#named(fresh)) {
      for (const file of await this.#find(reference)) {
        if (this.#files.size < mostFiles) this.#files.set(file.at, file);
      }
    }
    if (this.#files.size === before) return false;
    await this.#writeList();
    return true;
  }

  /** Those references that stand in the blendfile, or in a library that was sent. */
  async #named(references: readonly FileReference[]): Promise<readonly FileReference[]> {
    if (references.length === 0) return [];
    const { blend, textsIn } = this.#options;
    const libraries = [...this.#files.values()].filter(({ at }) => at.toLowerCase().endsWith(".blend"));
    const wanted = references.flatMap(({ path }) => [path, ...splitPath(path)]);
    const found = new Set<string>();
    for (const path of [blend, ...libraries.map((file) => file.path)]) {
      for (const text of await textsIn(path, wanted)) found.add(text);
    }
    return references.filter(({ path }) => found.has(path) || splitPath(path).every((part) => found.has(part)));
  }

  async #find({ kind, at, form }: FileReference): Promise<readonly ProjectFile[]> {
    const { roots } = this.#options;
    if (roots === null || !at || !isPlain(at)) return [];
    const folderAt = at.includes("/") ? at.slice(0, at.lastIndexOf("/")) : "";
    const folder = folderAt === "" ? roots.project : await locate(roots.project, folderAt, this.#listFolder);
    if (folder === undefined) return [];
    const found: ProjectFile[] = [];
    for (const each of expand(at, form ?? null, await this.#listFolder(folder))) {
      const file = await this.#read(kind, each, roots);
      if (file !== undefined) found.push(file);
    }
    return found;
  }

  async #read(kind: string, at: string, roots: AssetRoots): Promise<ProjectFile | undefined> {
    const located = await locate(roots.project, at, this.#listFolder);
    if (located === undefined) return undefined;
    const path = await realPathOf(located);
    if (!isInside(roots.project, path) || !isPlain(path.slice(roots.project.length + 1))) return undefined;
    if (!(await hasKind(path, kind))) return undefined;
    const { size } = await statOf(path);
    return { at, path, sizeBytes: size, sha256: await hashFile(path) };
  }

  readonly #listFolder: ListFolder = (folder) => {
    const known = this.#listings.get(folder) ?? readdir(folder).catch(() => []);
    this.#listings.set(folder, known);
    return known;
  };

  async #writeList(): Promise<void> {
    const files = [...this.#files.values()].map(({ at, sha256 }) => ({ path: at, sha256 }));
    files.sort((a, b) => (a.path < b.path ? -1 : 1)); // the same files are the same list, for every node and run
    const text = JSON.stringify({ files });
    const sha256 = createHash("sha256").update(text).digest("hex");
    const path = join(this.#options.folder, sha256);
    await replaceFile(path, text, 0o600);
    this.#list = { path, sha256, sizeBytes: Buffer.byteLength(text) };
  }
}

/** Whether no part of a path is hidden, or leaves the folder. */
function isPlain(path: string): boolean {
  return path.split(/[/\\]/).every((name) => name !== "" && !name.startsWith("."));
}

/** The folder and the name: image strips store them apart. */
function splitPath(path: string): readonly string[] {
  const slash = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1;
  return [path.slice(0, slash), path.slice(slash)].filter((part) => part !== "");
}

async function hasKind(path: string, kind: string): Promise<boolean> {
  const { isFile } = await statOf(path);
  if (!isFile) return false;
  const file = await openRegularFile(path).catch(() => undefined);
  if (file === undefined) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    return isOfKind(kind, basename(path), buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

async function statOf(path: string): Promise<{ readonly isFile: boolean; readonly size: number }> {
  const found = await lstat(path).catch(() => undefined);
  return { isFile: found?.isFile() ?? false, size: found?.size ?? 0 };
}
