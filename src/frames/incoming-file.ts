import { createHash, randomBytes } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import type { Frame } from "../core/node.ts";
import { writeAll } from "../system/files/durable.ts";
import { discard } from "../system/files/held-files.ts";
import { createOwnFile } from "../system/files/own-file.ts";
import { FrameInvalidError, storeFailed } from "./store-errors.ts";

/** What the node has announced of a file. */
export interface AnnouncedFile {
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** A file of a frame that is being received, as a `.part` file. */
export class IncomingFile {
  /** The path of the part. */
  readonly path: string;
  /** The path that it gets in the store. */
  readonly finalPath: string;
  readonly #frame: Frame;
  readonly #announced: AnnouncedFile;
  readonly #file: FileHandle;
  readonly #hash = createHash("sha256");
  #receivedBytes = 0;
  #isOpen = true;
  #discarded: Promise<void> | undefined;

  private constructor(frame: Frame, announced: AnnouncedFile, finalPath: string, path: string, file: FileHandle) {
    this.#frame = frame;
    this.#announced = announced;
    this.finalPath = finalPath;
    this.path = path;
    this.#file = file;
  }

  /**
   * @param finalPath The part is written beside it
   * @throws {FarmError} `FARM_STORE_FAILED`
   */
  static async open(frame: Frame, announced: AnnouncedFile, finalPath: string): Promise<IncomingFile> {
    // Two results of one frame may arrive at the same time.
    const path = `${finalPath}.${randomBytes(4).toString("hex")}.part`;
    try {
      return new IncomingFile(frame, announced, finalPath, path, await createOwnFile(path));
    } catch (error) {
      throw await storeFailed(`store frame ${frame}`, dirname(path), error, announced.sizeBytes);
    }
  }

  /**
   * Appends a piece.
   *
   * @throws {FrameInvalidError} If more bytes arrive than were announced
   * @throws {FarmError} `FARM_STORE_FAILED` if it cannot be written
   */
  async write(piece: Uint8Array): Promise<void> {
    const { sizeBytes } = this.#announced;
    if (this.#receivedBytes + piece.length > sizeBytes) {
      throw new FrameInvalidError(
        this.#frame,
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
      throw await storeFailed(`store frame ${this.#frame}`, dirname(this.path), error, sizeBytes);
    }
  }

  /**
   * Compares what has arrived with what was announced, and makes it last.
   *
   * @throws {FrameInvalidError} If it is something else
   */
  async complete(): Promise<void> {
    this.#checkDigest();
    await this.#file.sync();
    await this.#close();
  }

  /** Removes the part, unless it was given another name. Idempotent. */
  discard(): Promise<void> {
    this.#discarded ??= this.#remove();
    return this.#discarded;
  }

  #checkDigest(): void {
    const { sizeBytes, sha256 } = this.#announced;
    if (this.#receivedBytes !== sizeBytes) {
      const message = `only ${this.#receivedBytes} of its ${sizeBytes} bytes have arrived`;
      throw new FrameInvalidError(this.#frame, "WRONG_LENGTH", message);
    }
    const digest = this.#hash.digest("hex");
    if (digest === sha256) return;
    throw new FrameInvalidError(
      this.#frame,
      "WRONG_DIGEST",
      "it was damaged on the way: its checksum is not the one that the node named",
    );
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#file.close();
  }

  async #remove(): Promise<void> {
    await this.#close();
    await discard(this.path); // does nothing if it was stored
  }
}
