import { readdir } from "node:fs/promises";
import { dirname, isAbsolute, resolve } from "node:path";
import { inParallel } from "../core/in-parallel.ts";
import { isInside, realPathOf } from "../system/files/real-path.ts";
import { AssetCopies, type FileBlob } from "./asset-copies.ts";
import { AssetIndex } from "./asset-index.ts";
import { type AssetRoots, rootFor } from "./asset-roots.ts";
import { type BlobHolder, BlobHolders } from "./blob-holders.ts";
import { findColorConfig } from "./color-config.ts";
import type { DigestCache } from "./digest-cache.ts";
import { isFile, isOffered } from "./file-checks.ts";
import { writeFileList } from "./file-list.ts";
import { type FileReference, findFiles, isWanted, type NoFiles, placeOf } from "./find-files.ts";
import { filesAtATime, gatherFiles } from "./gather-files.ts";
import { Guesses, type RelativePathsIn } from "./guesses.ts";
import type { ListFolder } from "./locate.ts";
import { type LookFor, namedIn } from "./named.ts";
import { keyOf, ProjectContents } from "./project-contents.ts";

export interface ProjectFilesOptions {
  /** The copy of the blendfile that the nodes get. */
  readonly blend: string;
  /** `null` sends no file. */
  readonly roots: AssetRoots | null;
  /** Folder for the list of the files and for copies of them; it exists. */
  readonly folder: string;
  readonly digests: DigestCache;
  /** Whether files that can only be heard are sent. */
  readonly sendsSound: boolean;
  /** How much space the copies may take. */
  readonly keepBytes: number;
  readonly lookFor: LookFor;
  readonly relativePathsIn: RelativePathsIn;
}

const mostFiles = 100_000; // as many as a node accepts
const mostCompared = 10;
const notNamed = "the blendfile does not name it";

/**
 * The files that travel with a blendfile. They become known while nodes open it: the blendfile names some, and libraries
 * among them name others.
 *
 * A node cannot get any other file. What it asks for must stand in the blendfile or in a library that was sent, be in one
 * of the roots, not be hidden, and contain what its reference says.
 */
export class ProjectFiles {
  readonly #options: ProjectFilesOptions;
  readonly #copies: AssetCopies;
  readonly contents: ProjectContents;
  /** Whether files that can only be heard are sent. */
  readonly sendsSound: boolean;
  readonly #moved = new Map<string, string>();
  /** Those of the moved ones whose files are not at their paths here either. */
  readonly #searched = new Map<string, string>();
  /** Why a reference gets no file. */
  readonly #refusals = new Map<string, string>();
  /** Folders with files that would be sent if they were roots. */
  readonly #unnamedRoots = new Set<string>();
  /** Files that a path could mean, by the path. */
  readonly #choices = new Map<string, readonly string[]>();
  readonly #guesses: Guesses;
  readonly #asked = new Set<string>();
  readonly #holders: BlobHolders;
  readonly #listings = new Map<string, Promise<readonly string[]>>();
  #index: Promise<AssetIndex> | undefined;
  #list: FileBlob | null = null;
  /** The path of the color configuration in the job; `null` if it has none. */
  colors: string | null = null;
  /** Nodes open the blendfile at the same time; their references are processed one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ProjectFilesOptions) {
    this.#options = options;
    this.sendsSound = options.sendsSound;
    this.#copies = new AssetCopies(options.folder, options.digests, options.keepBytes);
    this.#holders = new BlobHolders(options.folder);
    this.#guesses = new Guesses(options.relativePathsIn, options.roots?.base ?? null);
    this.contents = new ProjectContents(this.blendPath);
  }

  /** The blendfile's path in the project. */
  get blendPath(): string {
    return this.#options.roots?.blendPath ?? "job.blend";
  }

  /** What a node needs besides the blendfile, to open it. `list` names the files; `null` if there are none. */
  get current(): { readonly files: readonly FileBlob[]; readonly list: FileBlob | null } {
    return { files: [...this.contents.always.values()], list: this.#list };
  }

  /** Why a missing file was not sent, as text for the user. @param path As the blendfile has it */
  whyNot(path: string): string | undefined {
    return this.#refusals.get(path);
  }

  /** Files that a path of another machine could mean, by the path. A root that holds one of them directly chooses it. */
  get choices(): ReadonlyMap<string, readonly string[]> {
    return this.#choices;
  }

  /** The files whose paths are those of another machine: where they were found, by their paths in the blendfile. */
  get moved(): ReadonlyMap<string, string> {
    return this.#searched;
  }

  /** The folders to name as roots, for the files that were not sent because they are in none. */
  get unnamedRoots(): readonly string[] {
    const all = [...this.#unnamedRoots];
    return all.filter((folder) => !all.some((other) => isInside(other, folder))).sort();
  }

  /**
   * Adds the files of references that are missing on a node, or that differ there from the files at the same paths here.
   *
   * @returns Whether there are new files, or other paths that lead to known ones
   */
  add(references: readonly FileReference[]): Promise<boolean> {
    const adding = this.#turn.then(() => this.#add(references));
    this.#turn = adding.catch(() => {});
    return adding;
  }

  async #add(references: readonly FileReference[]): Promise<boolean> {
    const isFresh = (each: FileReference) => isWanted(each, this.sendsSound) && !this.#asked.has(keyOf(each));
    const fresh = references.filter(isFresh);
    const state = () => [this.contents.size, this.#moved.size, this.contents.later.length].join();
    const before = state();
    for (const reference of references) this.contents.noteUse(reference);
    const named = await this.#named(fresh);
    await inParallel(fresh, filesAtATime, async (reference) => {
      const isNamed = named.has(reference);
      if (!reference.missing && !(isNamed && (await this.#differs(reference)))) return;
      this.#asked.add(keyOf(reference));
      const why = isNamed ? await this.#take(reference) : notNamed;
      if (why === undefined) this.#refusals.delete(reference.path);
      else this.#refusals.set(reference.path, why);
    });
    for (;;) {
      const guessed = await this.#guesses.next(this.contents.libraries, (at) => this.contents.at([at]).length > 0);
      if (guessed.length === 0) break;
      await inParallel(guessed, filesAtATime, (reference) => this.#take(reference));
    }
    if (state() === before) return false;
    await this.#options.digests.save();
    await this.#writeList();
    return true;
  }

  async #writeList(): Promise<void> {
    const { always, later } = this.contents;
    this.#list = await writeFileList(this.#options.folder, always, this.#moved, later);
  }

  /**
   * Adds the color configuration that the artist's Blender has from the environment.
   *
   * @returns Whether it can be sent
   */
  async addColors(config: string): Promise<boolean> {
    const { roots } = this.#options;
    const found = roots === null ? undefined : await findColorConfig(config, roots, this.#listFolder);
    if (roots === null || found === undefined) return false;
    const reference = { kind: "colors", path: config, form: "folder", missing: true } as const;
    const gathered = await gatherFiles(reference, found.files, roots, this.#copies);
    if (typeof gathered === "string" || !gathered.has(found.at)) return false;
    this.contents.add(reference, gathered);
    this.colors = found.at;
    await this.#writeList();
    return true;
  }

  /** A node has all files now: others can get from it what has changed here. */
  heldBy(holder: BlobHolder): void {
    this.#holders.add(holder);
  }

  /** Gets a file as it was, after the artist has saved it again. @returns `undefined` if no node has it */
  async recover(file: FileBlob, signal: AbortSignal): Promise<FileBlob | undefined> {
    const copy = await this.#holders.fetch(file, signal);
    if (copy === undefined) return undefined;
    this.contents.replace(copy);
    return copy;
  }

  /** Whether a node has another file at the path that the artist's file has here. */
  async #differs({ path, sha256 }: FileReference): Promise<boolean> {
    const { roots } = this.#options;
    if (!sha256 || !isAbsolute(path) || roots === null || placeOf(resolve(path), roots) === undefined) return false;
    const real = await realPathOf(path);
    const isHere = [roots.project, ...roots.others].some((root) => isInside(root, real)) && (await isFile(real));
    if (!isHere) return false;
    const own = await this.#options.digests.digestOf(real).catch(() => sha256); // what cannot be read is not sent
    return own !== sha256;
  }

  /** Those references that stand in the blendfile, or in a library that was sent. */
  #named(references: readonly FileReference[]): Promise<ReadonlySet<FileReference>> {
    const blends = this.contents.libraries.set(this.blendPath, this.#options.blend);
    return namedIn(references, blends, this.#options.lookFor);
  }

  /** @returns Why there is nothing to send, if so */
  async #take(reference: FileReference): Promise<string | undefined> {
    const { roots } = this.#options;
    if (roots === null) return "the blendfile is in no folder of its own";
    const found = await findFiles(reference, {
      ...{ roots, list: this.#listFolder, index: () => this.#everything(roots) },
      ...{ real: realPathOf, areAlike: this.#areAlike },
    });
    if ("why" in found) {
      await this.#offer(reference, found, roots);
      return found.why;
    }
    const gathered = await gatherFiles(reference, found.files, roots, this.#copies);
    if (typeof gathered === "string") return gathered;
    if (this.contents.size + gathered.size > mostFiles) return `the project would have more than ${mostFiles} files`;
    this.contents.add(reference, gathered);
    if (found.movedTo !== null) this.#moved.set(reference.path, found.movedTo);
    if (found.isSearched && found.movedTo !== null) this.#searched.set(reference.path, found.movedTo);
    return undefined;
  }

  /** Notes what the user could allow, or choose. */
  async #offer({ kind, path, at }: FileReference, { outside, candidates = [] }: NoFiles, roots: AssetRoots) {
    const [candidate] = candidates;
    if (candidates.length > 1) this.#choices.set(path, candidates);
    else if (candidate !== undefined) this.#unnamedRoots.add(dirname(candidate));
    else if (outside !== undefined && (await isOffered(kind, outside))) {
      this.#unnamedRoots.add(await rootFor(outside, Boolean(at), roots));
    }
  }

  readonly #areAlike = async (files: readonly string[]): Promise<boolean> => {
    if (files.length > mostCompared) return false;
    const digests = await Promise.all(files.map((file) => this.#options.digests.digestOf(file).catch(() => file)));
    return new Set(digests).size === 1;
  };

  readonly #listFolder: ListFolder = (folder) => {
    const known = this.#listings.get(folder) ?? readdir(folder).catch(() => []);
    this.#listings.set(folder, known);
    return known;
  };

  #everything({ project, others }: AssetRoots): Promise<AssetIndex> {
    this.#index ??= AssetIndex.of([project, ...others]);
    return this.#index;
  }
}
