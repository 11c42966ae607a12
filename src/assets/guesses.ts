import { stat } from "node:fs/promises";
import { extname, posix } from "node:path";
import { pathHere } from "./asset-roots.ts";
import type { FileReference } from "./find-files.ts";
import { placeFrom } from "./named.ts";

/** The relative paths that stand in a blendfile. Throws an error if it is damaged. */
export type RelativePathsIn = (path: string) => Promise<Iterable<string>>;

/** What is guessed of a kind: files up to a size, and so many bytes in all. */
interface Budget {
  readonly largestBytes: number;
  bytesLeft: number;
}

const mib = 1024 * 1024;
const pictures = new Set([".png", ".jpg", ".jpeg", ".exr", ".hdr", ".tif", ".tiff", ".tga", ".bmp", ".webp"]);

/**
 * Guesses which files a library needs, from its text: libraries, which name others, and pictures. Otherwise a node would
 * have to open the blendfile once for each step of the chain, to ask for them. The scene may not use such a file, and
 * then it is sent in vain, so only small ones are guessed, which cost less than to open the blendfile again. For the
 * others a node asks.
 */
export class Guesses {
  readonly #relativePathsIn: RelativePathsIn;
  readonly #base: string | null;
  /** The libraries that were read, and the files that were named, by their paths in the job. */
  readonly #seen = new Set<string>();
  readonly #budgets: Readonly<Record<"library" | "image", Budget>> = {
    library: { largestBytes: 8 * mib, bytesLeft: 512 * mib },
    image: { largestBytes: mib, bytesLeft: 64 * mib },
  };

  /** @param base See `AssetRoots` */
  constructor(relativePathsIn: RelativePathsIn, base: string | null) {
    this.#relativePathsIn = relativePathsIn;
    this.#base = base;
  }

  /**
   * @param libraries Where each known library is, by its path in the job; each is read once
   * @param isKnown Whether the job has a file
   * @returns References to the files that they name and that the job does not have, each once
   */
  async next(
    libraries: ReadonlyMap<string, string>,
    isKnown: (at: string) => boolean,
  ): Promise<readonly FileReference[]> {
    const unread = [...libraries].filter(([at]) => this.#isNew(`read ${at}`));
    const lists = await Promise.all(unread.map(([at, path]) => this.#namedIn(at, path)));
    const fresh = lists.flat().filter(({ at }) => !isKnown(at) && this.#isNew(at));
    const sizes = await Promise.all(fresh.map(({ at }) => this.#sizeOf(at)));
    return fresh.filter(({ kind }, index) => takes(this.#budgets[kind], sizes[index]));
  }

  async #namedIn(library: string, path: string) {
    const paths = [...(await this.#relativePathsIn(path).catch(() => []))]; // a damaged library names nothing
    return paths.flatMap((each) => {
      const ending = extname(each).toLowerCase();
      const kind = ending === ".blend" ? "library" : pictures.has(ending) ? "image" : undefined;
      if (kind === undefined) return [];
      return [{ kind, path: each, at: placeFrom(posix.dirname(library), each), missing: true } as const];
    });
  }

  #isNew(name: string): boolean {
    const isNew = !this.#seen.has(name);
    this.#seen.add(name);
    return isNew;
  }

  async #sizeOf(at: string): Promise<number | undefined> {
    return (await stat(pathHere(at, this.#base)).catch(() => undefined))?.size;
  }
}

function takes(budget: Budget, size: number | undefined): boolean {
  if (size === undefined || size > Math.min(budget.largestBytes, budget.bytesLeft)) return false;
  budget.bytesLeft -= size;
  return true;
}
