import { stat } from "node:fs/promises";
import { posix } from "node:path";
import { pathHere } from "./asset-roots.ts";
import type { FileReference } from "./find-files.ts";
import { placeFrom } from "./named.ts";

/** The relative paths of libraries that a blendfile names. Throws an error if it is damaged. */
export type LibraryPathsIn = (path: string) => Promise<Iterable<string>>;

/** The scene may not use such a library, and then it is sent in vain: only small ones, and so many, are guessed. */
const largestBytes = 8 * 1024 * 1024;
const mostBytes = 512 * 1024 * 1024;

/**
 * Finds the libraries that libraries name, so that a node need not open the blendfile once for each step of a chain. Each
 * library is read once. For those that are not found here, a node will ask.
 */
export class LibraryChain {
  readonly #libraryPathsIn: LibraryPathsIn;
  /** Paths in the job. */
  readonly #read = new Set<string>();
  readonly #named = new Set<string>();
  readonly #base: string | null;
  #bytesLeft = mostBytes;

  /** @param base See `AssetRoots` */
  constructor(libraryPathsIn: LibraryPathsIn, base: string | null) {
    this.#libraryPathsIn = libraryPathsIn;
    this.#base = base;
  }

  /**
   * @param libraries Where each known library is, by its path in the job
   * @returns References to those that they name, each once
   */
  async next(libraries: ReadonlyMap<string, string>): Promise<readonly FileReference[]> {
    const unread = [...libraries].filter(([at]) => !this.#read.has(at));
    const lists = unread.map(async ([at, path]) => {
      this.#read.add(at);
      const paths = await this.#libraryPathsIn(path).catch(() => []); // a damaged library names none
      return [...paths].map((each) => ({
        kind: "library",
        path: each,
        at: placeFrom(posix.dirname(at), each),
        missing: true,
      }));
    });
    const fresh = (await Promise.all(lists)).flat().filter(({ at }) => {
      const isNew = !libraries.has(at) && !this.#named.has(at);
      this.#named.add(at);
      return isNew;
    });
    const sizes = await Promise.all(fresh.map(({ at }) => this.#sizeOf(at)));
    return fresh.filter((_, index) => this.#takes(sizes[index]));
  }

  async #sizeOf(at: string): Promise<number | undefined> {
    return (await stat(pathHere(at, this.#base)).catch(() => undefined))?.size;
  }

  #takes(size: number | undefined): boolean {
    if (size === undefined || size > Math.min(largestBytes, this.#bytesLeft)) return false;
    this.#bytesLeft -= size;
    return true;
  }
}
