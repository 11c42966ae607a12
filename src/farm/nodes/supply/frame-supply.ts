import type { Frame } from "../../../core/node.ts";
import { LoadFailedError } from "../../../session/load-failed.ts";
import type { JobOrder, PlacedBlob } from "../job-order.ts";
import { blobMissing } from "./blend-supply.ts";
import { type FileTarget, sendFiles } from "./send-files.ts";
import type { UpcomingFrames } from "./upcoming-frames.ts";

/** Files are sent together up to this size and number: a frame waits for all that are sent with its own. */
const largestBatchBytes = 8 * 1024 * 1024;
const largestBatch = 256;
const framesAheadOfEachSlot = 4;
/** A node whose cache loses files before they are in place, this often in a row, cannot be used. */
const mostResends = 3;

export interface FrameSupplyOptions extends FileTarget {
  readonly job: string;
  readonly upcoming: UpcomingFrames;
  /** For how many frames the files are sent in advance, beyond those that the node has been given. */
  readonly framesAhead: number;
}

interface Waiting {
  readonly missing: Set<string>;
  readonly resolve: () => void;
}

/**
 * Gives one node the files that its frames need: those of the frames that it was given first, in their order, then
 * those of the frames that are handed out next.
 */
export class FrameSupply {
  readonly #options: FrameSupplyOptions;
  /** Files that are in place on the node, by their paths in the job. */
  readonly #there = new Set<string>();
  readonly #waiting = new Set<Waiting>();
  /** Files of the frames that the node was given, in order. */
  readonly #wanted = new Map<string, PlacedBlob>();
  #latest: Frame | undefined;
  #wake: () => void = () => {};

  private constructor(options: FrameSupplyOptions) {
    this.#options = options;
  }

  /** @returns `undefined` if the node has all files already that its frames can need */
  static of(target: FileTarget, { job, files, upcoming }: JobOrder): FrameSupply | undefined {
    if (files.contents.later.length === 0) return undefined;
    return new FrameSupply({
      ...target,
      job,
      upcoming,
      framesAhead: framesAheadOfEachSlot * target.session.info.slots,
    });
  }

  /** Resolves when the node has all files that the frame needs. It never does if the link ends before. */
  async bring(frame: Frame): Promise<void> {
    const { files, upcoming } = this.#options;
    this.#latest = upcoming.later(this.#latest, frame);
    const missing = files.contents.neededBy(frame).filter(({ at }) => !this.#there.has(at));
    for (const file of missing) this.#wanted.set(file.at, file);
    this.#options.sending.plan(missing.map(({ blob }) => blob));
    this.#wake();
    if (missing.length === 0) return;
    await new Promise<void>((resolve) => {
      this.#waiting.add({ missing: new Set(missing.map(({ at }) => at)), resolve });
    });
  }

  /**
   * Sends files until the signal is aborted.
   *
   * @throws {FarmError} As `sendBlob`; `LoadFailedError` if the node cannot put them in place; the signal's reason
   */
  async run(): Promise<never> {
    const { signal } = this.#options;
    const wake = () => this.#wake();
    signal.addEventListener("abort", wake, { once: true });
    try {
      for (;;) {
        signal.throwIfAborted();
        const batch = this.#nextBatch();
        if (batch.length === 0) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        } else await this.#deliver(batch);
      }
    } finally {
      signal.removeEventListener("abort", wake);
    }
  }

  #nextBatch(): readonly PlacedBlob[] {
    const batch: PlacedBlob[] = [];
    let bytes = 0;
    for (const file of this.#wanted.size > 0 ? this.#wanted.values() : this.#ahead()) {
      if (batch.length > 0 && (bytes + file.blob.sizeBytes > largestBatchBytes || batch.length >= largestBatch)) break;
      batch.push(file);
      bytes += file.blob.sizeBytes;
    }
    return batch;
  }

  *#ahead(): Generator<PlacedBlob, undefined> {
    const { files, upcoming, framesAhead } = this.#options;
    const seen = new Set<string>();
    for (const frame of upcoming.after(this.#latest, framesAhead)) {
      for (const file of files.contents.neededBy(frame)) {
        if (this.#there.has(file.at) || seen.has(file.at)) continue;
        seen.add(file.at);
        yield file;
      }
    }
  }

  async #deliver(batch: readonly PlacedBlob[]): Promise<void> {
    const { session, job, signal } = this.#options;
    const placed = batch.map(({ at, blob }) => ({ path: at, sha256: blob.sha256 }));
    for (let resends = 0; ; resends++) {
      const blobs = batch.map(({ blob }) => blob);
      await sendFiles(this.#options, blobs);
      const problem = await session.addFiles(job, placed, signal);
      if (problem === null) break;
      if (problem.code !== blobMissing || resends >= mostResends) throw new LoadFailedError(session.info.name, problem);
    }
    for (const { at } of batch) {
      this.#there.add(at);
      this.#wanted.delete(at);
    }
    for (const each of this.#waiting) {
      for (const { at } of batch) each.missing.delete(at);
      if (each.missing.size > 0) continue;
      this.#waiting.delete(each);
      each.resolve();
    }
  }
}
