import { messageOf } from "../../../core/errors.ts";
import type { Frame } from "../../../core/node.ts";
import { isAboutOutput, type WriterOptions } from "../output-writer.ts";
import { otherFiles } from "./other-pictures.ts";
import { openPictureSets, type PictureSets, type PlacedSets, passesFolderOf } from "./picture-sets.ts";

/** Puts the pictures of each frame in place as soon as it is stored. */
export class PicturePlacer implements AsyncDisposable {
  readonly #options: WriterOptions;
  readonly #sets: PictureSets;
  readonly #known: ReadonlySet<Frame>;
  readonly #placed = new Set<Frame>();
  /** Resolves when all accepted frames are in place; it never rejects. */
  #along: Promise<void> = Promise.resolve();
  #isStopped = false;
  #hasFailed = false;

  private constructor(options: WriterOptions, sets: PictureSets) {
    this.#options = options;
    this.#sets = sets;
    this.#known = new Set(options.facts.frames);
  }

  /** @throws {FarmError} `FARM_OUTPUT_EXISTS` and others, before anything is rendered */
  static async open(options: WriterOptions): Promise<PicturePlacer> {
    return new PicturePlacer(options, await openPictureSets(options));
  }

  /** What to tell the user of other files in the folder for pictures of File Output nodes; `null` if there are none. */
  get otherPasses(): string | null {
    return otherFiles(this.#sets.nodes.others, passesFolderOf(this.#options.output, this.#options.format));
  }

  /** How many frames have their pictures in place. */
  get placed(): number {
    return this.#placed.size;
  }

  accept(frame: Frame): void {
    if (this.#known.has(frame)) this.#along = this.#along.then(() => this.#placeAlong(frame));
  }

  /** Removes the pictures of frames that are taken out of the store, once they are all in place. */
  async drop(frames: readonly Frame[]): Promise<void> {
    const dropped = this.#along.then(() => this.#remove(frames));
    this.#along = dropped.catch(() => {});
    await dropped;
  }

  async #remove(frames: readonly Frame[]): Promise<void> {
    for (const frame of frames) {
      for (const sequence of this.#sets.sequences) await sequence.remove(frame);
      await this.#sets.nodes.remove(frame);
      this.#placed.delete(frame);
    }
  }

  /**
   * Waits until the pictures of all accepted frames are in place.
   *
   * @throws {FarmError} If that fails again
   */
  async placeAll(): Promise<void> {
    await this.#along;
    if (!this.#hasFailed) return;
    this.#hasFailed = false;
    this.#placed.clear();
    for (const frame of this.#options.facts.frames) {
      if (this.#options.pathOf(frame) !== undefined) await this.#place(frame);
    }
  }

  /** Checks that all pictures are there. @throws {FarmError} If not */
  async finish(): Promise<PlacedSets> {
    await this.placeAll();
    const { sequences, nodes } = this.#sets;
    const finished = [];
    for (const sequence of sequences) finished.push(await sequence.finish(this.#options.again));
    const [first] = finished;
    const sizeBytes = finished.reduce((sum, each) => sum + each.sizeBytes, 0);
    return {
      output: first === undefined ? null : { ...first, sizeBytes },
      beside: first === undefined ? null : { folder: this.#sets.folder, files: first.frames * finished.length },
      passes: await nodes.finish(this.#options.again),
    };
  }

  /** Pictures that are in place are complete, and are kept. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    await this.#along;
  }

  async #placeAlong(frame: Frame): Promise<void> {
    if (this.#isStopped || this.#hasFailed || this.#options.signal.aborted) return;
    if (this.#options.pathOf(frame) === undefined) return; // taken out meanwhile: it will be accepted again
    try {
      await this.#place(frame);
    } catch (error) {
      this.#hasFailed = true;
      // If the problem lasts, `placeAll` reports it again.
      this.#options.onPostponed(isAboutOutput(error) ? messageOf(error) : `Frame ${frame}: ${messageOf(error)}`);
    }
  }

  async #place(frame: Frame): Promise<void> {
    this.#options.signal.throwIfAborted();
    for (const sequence of this.#sets.sequences) await sequence.place(frame);
    await this.#sets.nodes.place(frame);
    this.#placed.add(frame);
  }
}
