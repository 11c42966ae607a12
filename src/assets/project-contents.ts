import { createHash } from "node:crypto";
import { posix } from "node:path";
import type { Frame } from "../core/node.ts";
import type { FileBlob } from "./asset-copies.ts";
import type { FileReference } from "./find-files.ts";
import { FrameFiles } from "./frame-files.ts";

/** A file to be sent, and its path in the job. */
export interface PlacedFile {
  readonly at: string;
  readonly blob: FileBlob;
}

/** The files that travel with a blendfile, by their paths in the job, and what their contents decide. */
export class ProjectContents {
  readonly #blendPath: string;
  readonly #files = new Map<string, FileBlob>();
  /** Which of them belong to a sequence, to tiles or to a cache. */
  readonly #series = new Set<string>();
  /** Which of them are blendfiles, and may name others. */
  readonly #libraries = new Set<string>();
  readonly #frameFiles = new FrameFiles();
  /** The files of each reference, and how nodes say that frames use them. */
  readonly #uses = new Map<string, { readonly files: readonly string[]; readonly told: Set<string> }>();

  constructor(blendPath: string) {
    this.#blendPath = blendPath;
  }

  get size(): number {
    return this.#files.size;
  }

  /** Adds the files of a reference. */
  add(reference: FileReference, files: ReadonlyMap<string, FileBlob>): void {
    const { kind, form, numbers } = reference;
    for (const [at, blob] of files) {
      this.#files.set(at, blob);
      if (form) this.#series.add(at);
      if (kind === "library") this.#libraries.add(at);
    }
    this.#frameFiles.add([...files.keys()], form, numbers);
    this.#uses.set(keyOf(reference), { files: [...files.keys()], told: new Set([toldBy(reference)]) });
  }

  /** Another node, perhaps with another Blender, may say otherwise which frames use a reference's files. */
  noteUse(reference: FileReference): void {
    const use = this.#uses.get(keyOf(reference));
    if (use === undefined || use.told.has(toldBy(reference))) return;
    use.told.add(toldBy(reference));
    this.#frameFiles.add(use.files, reference.form, reference.numbers);
  }

  /** The files that were found for a reference, or guessed. */
  filesOf(reference: FileReference): readonly PlacedFile[] {
    const guessed = reference.at ? [reference.at] : [];
    return this.at(this.#uses.get(keyOf(reference))?.files ?? guessed);
  }

  /** A file is read from a copy from now on. */
  replace(copy: FileBlob): void {
    for (const [at, { sha256 }] of this.#files) if (sha256 === copy.sha256) this.#files.set(at, copy);
  }

  /** What a node needs to open the blendfile. */
  get always(): ReadonlyMap<string, FileBlob> {
    const { later } = this.#frameFiles;
    return new Map([...this.#files].filter(([at]) => !later.has(at)));
  }

  /** The paths of the other files. */
  get later(): readonly string[] {
    return [...this.#frameFiles.later].sort();
  }

  /** Those of the other files that a frame needs. */
  neededBy(frame: Frame): readonly PlacedFile[] {
    return this.at(this.#frameFiles.neededBy(frame));
  }

  /** The files at these paths in the job. */
  at(paths: readonly string[]): readonly PlacedFile[] {
    return paths.flatMap((at) => {
      const blob = this.#files.get(at);
      return blob === undefined ? [] : [{ at, blob }];
    });
  }

  /** How many files there are, each counted once, and their size. */
  get total(): { readonly files: number; readonly sizeBytes: number } {
    const different = new Map([...this.#files.values()].map(({ sha256, sizeBytes }) => [sha256, sizeBytes]));
    return { files: different.size, sizeBytes: [...different.values()].reduce((sum, size) => sum + size, 0) };
  }

  /** The sent blendfiles by their paths in the job: where each is read. */
  get libraries(): Map<string, string> {
    return new Map([...this.#files].filter(([at]) => this.#libraries.has(at)).map(([at, { path }]) => [at, path]));
  }

  /** The digests of all files, by their paths from the blendfile's folder. */
  get digests(): ReadonlyMap<string, string> {
    return new Map([...this.#files].map(([at, { sha256 }]) => [this.#nameOf(at), sha256]));
  }

  /**
   * One digest of the files of sequences, tiles and caches that all frames need, of which nodes report only the first;
   * `null` without any.
   */
  get seriesDigest(): string | null {
    const { later } = this.#frameFiles;
    return this.#digestOf([...this.#series].filter((at) => !later.has(at)));
  }

  /** One digest of all files; `null` without any. */
  get allDigest(): string | null {
    return this.#digestOf([...this.#files.keys()]);
  }

  /** One digest of the files that this frame needs and others may not; `null` without any. */
  frameDigest(frame: Frame): string | null {
    return this.#digestOf(this.#frameFiles.neededBy(frame));
  }

  #digestOf(paths: readonly string[]): string | null {
    if (paths.length === 0) return null;
    const files = paths.map((at) => [this.#nameOf(at), this.#files.get(at)?.sha256]).sort();
    return createHash("sha256").update(JSON.stringify(files)).digest("hex");
  }

  /** The same files have the same names, whichever roots the job has. */
  #nameOf(at: string): string {
    return posix.relative(posix.dirname(this.#blendPath), at);
  }
}

/** With all that decides the answer: one node's lie about a file must not be the answer to another. */
export function keyOf({ kind, path, at, form, viewOf }: FileReference): string {
  return JSON.stringify([kind, path, at, form, viewOf]);
}

function toldBy({ numbers }: FileReference): string {
  return JSON.stringify(numbers ?? null);
}
