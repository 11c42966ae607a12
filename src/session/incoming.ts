import { FarmError } from "../core/errors.ts";
import type { Piece } from "./piece.ts";
import {
  expectedBytesPerLook,
  leastBytesPerLook,
  leastLooksPerTransfer,
  stalledLooks,
  transferLookMs,
} from "./timing.ts";

/** Takes the bytes of a transfer in order; the link waits for each call, so a slow disk slows the node down. */
export type Sink = (data: Buffer) => Promise<void>;

interface Transfer {
  readonly sizeBytes: number;
  readonly sink: Sink;
  readonly onProblem: ((problem: unknown) => void) | undefined;
  receivedBytes: number;
  problem: unknown;
  /** After so many more it is given up, even though a little comes each time. */
  looksLeft: number;
}

/** The transfers that run from the node to us on one link. */
export class IncomingTransfers {
  readonly #running = new Map<number, Transfer>();
  #nextNumber = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Since the last look at which transfers had got on. */
  #bytesSince = 0;
  #looksWithoutProgress = 0;
  /** How many pieces our own disk is busy with. */
  #sinking = 0;

  /** Numbers are shared with the transfers in the other direction: each is used once per link. */
  takeNumber(): number {
    return this.#nextNumber++;
  }

  /** @param onProblem Told at once what `end` will throw: a node whose transfer is spoilt may never end it */
  begin(number: number, sizeBytes: number, sink: Sink, onProblem?: (problem: unknown) => void): void {
    const before = [...this.#running.values()].reduce((bytes, other) => bytes + other.sizeBytes, 0);
    const looksLeft = leastLooksPerTransfer + Math.ceil((before + sizeBytes) / expectedBytesPerLook);
    this.#running.set(number, { sizeBytes, sink, onProblem, receivedBytes: 0, problem: undefined, looksLeft });
    this.#timer ??= setInterval(() => this.#look(), transferLookMs).unref();
  }

  /**
   * Hands a piece on. A sink's failure is kept for `end`: it is no fault of the link.
   *
   * @throws {FarmError} `FARM_BAD_MESSAGE` when the piece belongs to no transfer that was ever begun
   */
  async take(piece: Piece): Promise<void> {
    const transfer = this.#running.get(piece.transfer);
    if (!transfer) {
      if (piece.transfer < this.#nextNumber) return; // ended before: pieces were under way
      throw badPiece(`there is no transfer ${piece.transfer}`);
    }
    if (transfer.problem !== undefined) return;
    const spoil = (problem: unknown) => spoilTransfer(transfer, problem);
    if (piece.offset !== transfer.receivedBytes) {
      spoil(badPiece(`offset ${piece.offset} came where ${transfer.receivedBytes} was due`));
    } else if (piece.offset + piece.data.length > transfer.sizeBytes) {
      spoil(badPiece(`more than the ${transfer.sizeBytes} bytes that were announced`));
    } else {
      transfer.receivedBytes += piece.data.length;
      this.#bytesSince += piece.data.length;
      this.#sinking += 1;
      await transfer.sink(piece.data).catch(spoil);
      this.#sinking -= 1;
    }
  }

  /** Ends a transfer, whole or not. @throws What went wrong with it, or `FARM_BAD_MESSAGE` when bytes are missing */
  end(number: number): void {
    const transfer = this.#running.get(number);
    this.drop(number);
    if (transfer?.problem !== undefined) throw transfer.problem;
    if (transfer && transfer.receivedBytes !== transfer.sizeBytes) {
      throw badPiece(`${transfer.receivedBytes} of ${transfer.sizeBytes} bytes came`);
    }
  }

  /** Forgets a transfer that nobody waits for any more. */
  drop(number: number): void {
    if (this.#running.delete(number)) this.#gotOn();
    if (this.#running.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /**
   * A node that lives and sends no bytes, or hardly any, would hold its frames for ever. The node sends one result after
   * the other, so what counts is whether any of them gets on; how slow each one is says nothing.
   */
  #look(): void {
    if (this.#sinking === 0) this.#countDown(); // else our own disk is slow
    if (this.#bytesSince >= leastBytesPerLook || this.#sinking > 0) {
      this.#gotOn();
      return;
    }
    this.#looksWithoutProgress += 1;
    if (this.#looksWithoutProgress < stalledLooks) return;
    const seconds = (transferLookMs * stalledLooks) / 1000;
    for (const transfer of this.#running.values()) {
      spoilTransfer(transfer, badPiece(`hardly any came for ${seconds} s`));
    }
  }

  #countDown(): void {
    for (const transfer of this.#running.values()) {
      transfer.looksLeft -= 1;
      if (transfer.looksLeft > 0) continue;
      const { receivedBytes, sizeBytes } = transfer;
      spoilTransfer(transfer, badPiece(`only ${receivedBytes} of ${sizeBytes} bytes came in the time for all of them`));
    }
  }

  #gotOn(): void {
    this.#bytesSince = 0;
    this.#looksWithoutProgress = 0;
  }
}

function spoilTransfer(transfer: Transfer, problem: unknown): void {
  if (transfer.problem !== undefined) return;
  transfer.problem = problem;
  transfer.onProblem?.(problem);
}

function badPiece(why: string): FarmError {
  return new FarmError(
    "FARM_BAD_MESSAGE",
    `Cannot take the node's bytes: ${why}`,
    "The frame is rendered again; if it stays so, run the same release of renderfarm on both machines",
  );
}
