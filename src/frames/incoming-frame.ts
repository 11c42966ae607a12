import { checkFrameFile } from "./check/frame-check.ts";
import { largestFrameBytes, largestPicturesBytes } from "./check/frame-expectation.ts";
import type { FrameRecord } from "./frame-record.ts";
import { IncomingFile } from "./incoming-file.ts";
import { faultOfList, faultOfPicture, type PicturesExpectation } from "./pictures/frame-pictures.ts";
import { storedFramePath, storedPictures } from "./pictures/stored-files.ts";
import { FrameInvalidError, requireSpace, storeFailed } from "./store-errors.ts";

/** A received file, and where it belongs. */
export interface ReceivedFile {
  readonly partPath: string;
  readonly path: string;
}

/** Stores a frame that has passed the check: its pictures first, then the frame. @returns Whether it was still wanted */
export type KeepFrame = (files: readonly ReceivedFile[], record: FrameRecord) => Promise<boolean>;

/** A file of the frame that is to be received. */
export interface IncomingPart {
  /** The place of a picture in the frame's list; absent for the PNG. */
  readonly picture?: number;
  /** See `IncomingFile.write`. */
  readonly write: (piece: Uint8Array) => Promise<void>;
}

/**
 * A frame that is being received, as `.part` files: the PNG and its pictures. The caller must dispose of it
 * (`await using`), which removes a frame that was not committed.
 */
export class IncomingFrame implements AsyncDisposable {
  /** The frame itself. */
  readonly #png: IncomingFile;
  readonly #record: FrameRecord;
  readonly #expected: PicturesExpectation;
  readonly #framesFolder: string;
  readonly #keep: KeepFrame;
  /** Those that have been received, and the one that is being received. */
  readonly #pictures: IncomingFile[] = [];

  private constructor(
    record: FrameRecord,
    expected: PicturesExpectation,
    framesFolder: string,
    keep: KeepFrame,
    png: IncomingFile,
  ) {
    this.#record = record;
    this.#expected = expected;
    this.#framesFolder = framesFolder;
    this.#keep = keep;
    this.#png = png;
  }

  /**
   * @throws {FrameInvalidError} If more bytes are announced than a frame can have, or pictures are missing from the list
   * @throws {FarmError} `FARM_STORE_FAILED`
   */
  static async open(
    record: FrameRecord,
    expected: PicturesExpectation,
    framesFolder: string,
    keep: KeepFrame,
  ): Promise<IncomingFrame> {
    const { frame, pictures = [] } = record;
    const largest = largestFrameBytes(expected.format);
    if (record.sizeBytes > largest) {
      const message = `the node says that it has ${record.sizeBytes} bytes, and it cannot have more than ${largest}`;
      throw new FrameInvalidError(frame, "WRONG_LENGTH", message);
    }
    const fault = faultOfList(pictures, expected.form);
    if (fault !== null) throw new FrameInvalidError(frame, "WRONG_PICTURES", fault);
    const picturesBytes = pictures.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const most = largestPicturesBytes(expected.format);
    if (picturesBytes > most) {
      const message = `its pictures have ${picturesBytes} bytes, and all of them cannot have more than ${most}`;
      throw new FrameInvalidError(frame, "WRONG_PICTURES", message);
    }
    await requireSpace(framesFolder, record.sizeBytes + picturesBytes);
    const png = await IncomingFile.open(frame, record, storedFramePath(framesFolder, frame));
    return new IncomingFrame(record, expected, framesFolder, keep, png);
  }

  /**
   * The files that are to be received, one after the other. One is open at a time.
   *
   * @throws {FrameInvalidError} If the last one is not what was announced
   * @throws {FarmError} `FARM_STORE_FAILED`
   */
  async *parts(): AsyncGenerator<IncomingPart> {
    yield { write: (piece) => this.#png.write(piece) };
    for (const [picture, announced] of storedPictures(this.#framesFolder, this.#record).entries()) {
      const file = await IncomingFile.open(this.#record.frame, announced, announced.path);
      this.#pictures.push(file);
      yield { picture, write: (piece) => file.write(piece) };
      await this.#completed(file);
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
      await this.#png.complete();
      const flat = await this.#checkFrame(signal);
      await this.#checkPictures(signal);
      const files = [...this.#pictures, this.#png].map(({ path, finalPath }) => ({ partPath: path, path: finalPath }));
      return await this.#keep(files, { ...this.#record, ...(flat !== null && { flat }) });
    } catch (error) {
      signal?.throwIfAborted();
      const { frame, sizeBytes } = this.#record;
      throw await storeFailed(`store frame ${frame}`, this.#framesFolder, error, sizeBytes);
    } finally {
      await this.discard();
    }
  }

  /** Removes the received bytes, unless they were committed. Idempotent. */
  async discard(): Promise<void> {
    for (const file of [this.#png, ...this.#pictures]) await file.discard();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.discard();
  }

  async #completed(file: IncomingFile): Promise<void> {
    try {
      await file.complete();
    } catch (error) {
      throw await storeFailed(`store frame ${this.#record.frame}`, this.#framesFolder, error);
    }
  }

  /** @returns The colour of a flat picture, else `null` */
  async #checkFrame(signal?: AbortSignal): Promise<string | null> {
    const { frame } = this.#record;
    const verdict = await checkFrameFile(this.#png.path, { ...this.#expected.format, frame }, signal);
    if (!verdict.ok) throw new FrameInvalidError(frame, verdict.code, verdict.message);
    return verdict.flat;
  }

  async #checkPictures(signal?: AbortSignal): Promise<void> {
    const { frame, pictures = [] } = this.#record;
    for (const [index, picture] of pictures.entries()) {
      const path = this.#pictures[index]?.path ?? "";
      const fault = await faultOfPicture(path, frame, picture, this.#expected, signal);
      if (fault !== null) throw new FrameInvalidError(frame, fault.code, fault.message);
    }
  }
}
