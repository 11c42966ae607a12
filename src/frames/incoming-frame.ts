import { createHash, randomBytes } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { writeAll } from "../system/files/durable.ts";
import { discard } from "../system/files/held-files.ts";
import { createOwnFile } from "../system/files/own-file.ts";
import { checkFrameFile } from "./check/frame-check.ts";
import { type FrameFormat, largestFrameBytes } from "./check/frame-expectation.ts";
import type { FrameRecord } from "./frame-record.ts";
import { FrameInvalidError, requireSpace, storeFailed } from "./store-errors.ts";

/** Stores a frame that has passed the check. @returns Whether it was still wanted */
export type KeepFrame = (partPath: string, record: FrameRecord) => Promise<boolean>;

/**
 * A frame that is being received, as a `.part` file. The caller must dispose of it (`await using`), which removes a
 * frame that was not committed.
 */
export class IncomingFrame implements AsyncDisposable {
  readonly #record: FrameRecord;
  readonly #format: FrameFormat;
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #keep: KeepFrame;
  readonly #hash = createHash("sha256");
  #receivedBytes = 0;
  #isOpen = true;
  #discarded: Promise<void> | undefined;

  private constructor(record: FrameRecord, format: FrameFormat, path: string, file: FileHandle, keep: KeepFrame) {
    this.#record = record;
    this.#format = format;
    this.#path = path;
    this.#file = file;
    this.#keep = keep;
  }

  /**
   * @param finalPath The frame's path in the store; the part is written beside it
   * @throws {FrameInvalidError} If more bytes are announced than a frame can have
   * @throws {FarmError} `FARM_STORE_FAILED`
   */
  static async open(
    record: FrameRecord,
    format: FrameFormat,
    finalPath: string,
    keep: KeepFrame,
  ): Promise<IncomingFrame> {
    const largest = largestFrameBytes(format);
    if (record.sizeBytes > largest) {
      const message = `the node says that it has ${record.sizeBytes} bytes, and it cannot have more than ${largest}`;
      throw new FrameInvalidError(record.frame, "WRONG_LENGTH", message);
    }
    await requireSpace(dirname(finalPath), record.sizeBytes);
    // Two results of one frame may arrive at the same time.
    const path = `${finalPath}.${randomBytes(4).toString("hex")}.part`;
    try {
      return new IncomingFrame(record, format, path, await createOwnFile(path), keep);
    } catch (error) {
      throw await storeFailed(`store frame ${record.frame}`, dirname(path), error, record.sizeBytes);
    }
  }

  /** How many bytes have arrived, which is the offset of the next piece. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /**
   * Appends a piece.
   *
   * @throws {FrameInvalidError} If more bytes arrive than were announced
   * @throws {FarmError} `FARM_STORE_FAILED` if it cannot be written
   */
  async write(piece: Uint8Array): Promise<void> {
    const { frame, sizeBytes } = this.#record;
    if (this.#receivedBytes + piece.length > sizeBytes) {
      throw new FrameInvalidError(
        frame,
        "WRONG_LENGTH",
        `it is longer than the ${sizeBytes} bytes that the node named`,
      );
    }
    const position = this.#receivedBytes;
    this.#receivedBytes += piece.length;
    this.#hash.update(piece);
    try {
      await writeAll(this.#file, piece, position);
    } catch (error) {
      throw await storeFailed(`store frame ${frame}`, dirname(this.#path), error, sizeBytes);
    }
  }

  /**
   * Checks the frame and stores it. After this it is on the disk, even if this machine crashes.
   *
   * @returns False if another attempt had stored the frame before
   * @throws {FrameInvalidError} If it is not the expected frame
   * @throws {FarmError} `FARM_STORE_FAILED` if the disk fails
   */
  async commit(signal?: AbortSignal): Promise<boolean> {
    try {
      this.#checkDigest();
      await this.#file.sync();
      await this.#close();
      const flat = await this.#checkPicture(signal);
      return await this.#keep(this.#path, { ...this.#record, ...(flat !== null && { flat }) });
    } catch (error) {
      signal?.throwIfAborted();
      throw await storeFailed(`store frame ${this.#record.frame}`, dirname(this.#path), error, this.#record.sizeBytes);
    } finally {
      await this.discard();
    }
  }

  /** Removes the received bytes, unless they were committed. Idempotent. */
  discard(): Promise<void> {
    this.#discarded ??= this.#remove();
    return this.#discarded;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.discard();
  }

  #checkDigest(): void {
    const { frame, sizeBytes, sha256 } = this.#record;
    if (this.#receivedBytes !== sizeBytes) {
      const message = `only ${this.#receivedBytes} of its ${sizeBytes} bytes have arrived`;
      throw new FrameInvalidError(frame, "WRONG_LENGTH", message);
    }
    const digest = this.#hash.digest("hex");
    if (digest === sha256) return;
    throw new FrameInvalidError(
      frame,
      "WRONG_DIGEST",
      "it was damaged on the way: its checksum is not the one that the node named",
    );
  }

  /** @returns The colour of a flat picture, else `null` */
  async #checkPicture(signal?: AbortSignal): Promise<string | null> {
    const { frame } = this.#record;
    const verdict = await checkFrameFile(this.#path, { ...this.#format, frame }, signal);
    if (!verdict.ok) throw new FrameInvalidError(frame, verdict.code, verdict.message);
    return verdict.flat;
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#file.close();
  }

  async #remove(): Promise<void> {
    await this.#close();
    await discard(this.#path); // does nothing if it was stored
  }
}
