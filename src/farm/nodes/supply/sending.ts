import type { Clock } from "../../../core/clock.ts";
import { TransferRate } from "../../../core/transfer-rate.ts";
import { largestPieceBytes } from "../../../session/transfer/piece.ts";
import type { Blob } from "../../../session/transfer/upload.ts";

const tellEveryMs = 200;
/** A node that has everything says so within this time, and then nothing is said to be sent. */
const quietMs = 500;

/** What is sent to a node, as far as it is known: opening the blendfile may show more. */
export interface SendingState {
  readonly haveBytes: number;
  readonly sizeBytes: number;
  /** How many files the node does not have yet. */
  readonly filesLeft: number;
  /** `null` while it is not known. */
  readonly bytesPerSecond: number | null;
  /** How long it will take at this speed; `null` while that is not known. */
  readonly etaMs: number | null;
}

/** Follows what is sent to one node. */
export class Sending {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #onChange: (state: SendingState, hasMoved: boolean) => void;
  readonly #rate = new TransferRate();
  /** How many bytes the node has of each file that it does not have whole. */
  readonly #open = new Map<string, { readonly sizeBytes: number; haveBytes: number | undefined }>();
  #doneBytes = 0;
  #hasMoved = false;
  #isQuiet = true;
  #sinceMs = 0;
  #toldMs = Number.NEGATIVE_INFINITY;

  /** @param onChange Called a few times per second; `hasMoved` says that bytes were sent since the last call */
  constructor(clock: Pick<Clock, "monotonicMs">, onChange: (state: SendingState, hasMoved: boolean) => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** These files are to be sent. */
  plan(files: Iterable<Blob>): void {
    if (this.#open.size === 0) [this.#isQuiet, this.#sinceMs] = [true, this.#clock.monotonicMs()];
    for (const { sha256, sizeBytes } of files) {
      if (!this.#open.has(sha256)) this.#open.set(sha256, { sizeBytes, haveBytes: undefined });
    }
  }

  /** The node has so much of a file, which was just sent to it. */
  moved({ sha256 }: Blob, haveBytes: number): void {
    const file = this.#open.get(sha256);
    if (file === undefined) return;
    // What it had before is not counted: the first call is for one piece.
    const before = file.haveBytes ?? Math.max(0, haveBytes - largestPieceBytes);
    if (haveBytes > before) this.#rate.add(haveBytes - before, this.#clock.monotonicMs());
    file.haveBytes = haveBytes;
    this.#tell(true);
  }

  /** The node has the whole file. */
  done({ sha256 }: Blob): void {
    this.#doneBytes += this.#open.get(sha256)?.sizeBytes ?? 0;
    this.#open.delete(sha256);
    this.#tell(false);
  }

  #tell(hasMoved: boolean): void {
    const nowMs = this.#clock.monotonicMs();
    this.#hasMoved ||= hasMoved;
    this.#isQuiet &&= !hasMoved && nowMs - this.#sinceMs < quietMs;
    if (this.#isQuiet && this.#open.size > 0) return;
    if (nowMs - this.#toldMs < tellEveryMs && this.#open.size > 0) return;
    this.#toldMs = nowMs;
    this.#onChange(this.state, this.#hasMoved);
    this.#hasMoved = false;
  }

  get state(): SendingState {
    let [haveBytes, sizeBytes] = [this.#doneBytes, this.#doneBytes];
    for (const file of this.#open.values()) {
      haveBytes += file.haveBytes ?? 0;
      sizeBytes += file.sizeBytes;
    }
    const bytesPerSecond = this.#rate.bytesPerSecond(this.#clock.monotonicMs());
    const etaMs = bytesPerSecond ? ((sizeBytes - haveBytes) / bytesPerSecond) * 1000 : null;
    return { haveBytes, sizeBytes, filesLeft: this.#open.size, bytesPerSecond, etaMs };
  }
}
