import { FarmError } from "../../core/errors.ts";
import {
  expectedBytesPerCheck,
  leastBytesPerCheck,
  leastChecksPerTransfer,
  stalledChecks,
  transferCheckMs,
} from "../timing.ts";
import type { Piece } from "./piece.ts";

/** Receives the bytes of a transfer in order. The link waits for each call, so a slow disk slows the node down. */
export type Sink = (data: Buffer) => Promise<void>;

interface Transfer {
  readonly sizeBytes: number;
  readonly sink: Sink;
  readonly onProblem: ((problem: unknown) => void) | undefined;
  receivedBytes: number;
  problem: unknown;
  /** After this many more checks it is aborted, even if a few bytes arrive each time. */
  checksLeft: number;
}

/** The transfers from the node to us on one link. */
export class IncomingTransfers {
  readonly #running = new Map<number, Transfer>();
  #nextNumber = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Bytes since the last check that found progress. */
  #bytesSince = 0;
  #checksWithoutProgress = 0;
  /** How many pieces are being written to our own disk. */
  #sinking = 0;

  /** Takes a transfer number. Transfers in both directions share them, and each is used once per link. */
  takeNumber(): number {
    return this.#nextNumber++;
  }

  /** @param onProblem Called at once with the error that `end` will throw: the node may never end a failed transfer */
  begin(number: number, sizeBytes: number, sink: Sink, onProblem?: (problem: unknown) => void): void {
    const before = [...this.#running.values()].reduce((bytes, other) => bytes + other.sizeBytes, 0);
    const checksLeft = leastChecksPerTransfer + Math.ceil((before + sizeBytes) / expectedBytesPerCheck);
    this.#running.set(number, { sizeBytes, sink, onProblem, receivedBytes: 0, problem: undefined, checksLeft });
    this.#timer ??= setInterval(() => this.#check(), transferCheckMs).unref();
  }

  /**
   * Passes a piece to its sink. If the sink fails, `end` throws its error: the link is not at fault.
   *
   * @throws {FarmError} `FARM_BAD_MESSAGE` if the piece belongs to a transfer that was never started
   */
  async take(piece: Piece): Promise<void> {
    const transfer = this.#running.get(piece.transfer);
    if (!transfer) {
      if (piece.transfer < this.#nextNumber) return; // it has ended: the piece was already on its way
      throw badPiece("they belong to no file that was asked for");
    }
    if (transfer.problem !== undefined) return;
    const spoil = (problem: unknown) => spoilTransfer(transfer, problem);
    if (piece.offset !== transfer.receivedBytes) {
      spoil(badPiece(`byte ${piece.offset} of a file arrived instead of byte ${transfer.receivedBytes}`));
    } else if (piece.offset + piece.data.length > transfer.sizeBytes) {
      spoil(badPiece(`there are more than the ${transfer.sizeBytes} that it has`));
    } else {
      transfer.receivedBytes += piece.data.length;
      this.#bytesSince += piece.data.length;
      this.#sinking += 1;
      await transfer.sink(piece.data).catch(spoil);
      this.#sinking -= 1;
    }
  }

  /** Ends a transfer, complete or not. @throws Its error, or `FARM_BAD_MESSAGE` if bytes are missing */
  end(number: number): void {
    const transfer = this.#running.get(number);
    this.drop(number);
    if (transfer?.problem !== undefined) throw transfer.problem;
    if (transfer && transfer.receivedBytes !== transfer.sizeBytes) {
      throw badPiece(`${transfer.receivedBytes} of ${transfer.sizeBytes} bytes arrived`);
    }
  }

  /** Drops a transfer that nobody waits for any more. */
  drop(number: number): void {
    if (this.#running.delete(number)) this.#gotOn();
    if (this.#running.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /**
   * Aborts transfers without progress: a live node that sends hardly any bytes would otherwise keep its frames for
   * ever. A node sends one result after the other, so it is enough if any of them makes progress.
   */
  #check(): void {
    if (this.#sinking === 0) this.#countDown(); // otherwise our own disk is slow
    if (this.#bytesSince >= leastBytesPerCheck || this.#sinking > 0) {
      this.#gotOn();
      return;
    }
    this.#checksWithoutProgress += 1;
    if (this.#checksWithoutProgress < stalledChecks) return;
    const seconds = (transferCheckMs * stalledChecks) / 1000;
    for (const transfer of this.#running.values()) {
      spoilTransfer(transfer, badPiece(`hardly any arrived for ${seconds} s`));
    }
  }

  #countDown(): void {
    for (const transfer of this.#running.values()) {
      transfer.checksLeft -= 1;
      if (transfer.checksLeft > 0) continue;
      const { receivedBytes, sizeBytes } = transfer;
      spoilTransfer(
        transfer,
        badPiece(`only ${receivedBytes} of ${sizeBytes} bytes arrived in the time allowed for all`),
      );
    }
  }

  #gotOn(): void {
    this.#bytesSince = 0;
    this.#checksWithoutProgress = 0;
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
    `Cannot use the bytes that the node sent: ${why}`,
    "The frame is rendered again; if this keeps happening, run the same release of renderfarm on both machines",
  );
}
