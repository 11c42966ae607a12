import { setImmediate } from "node:timers/promises";
import { FrameFaultFound } from "../frame-expectation.ts";
import type { ByteSource } from "../png-chunks.ts";

/** Small enough that following the codes in a piece takes some milliseconds. */
const pieceBytes = 64 * 1024;

/** Reads a file from front to back. What lies beyond its end makes the file `TRUNCATED`. */
export class Cursor {
  readonly #source: ByteSource;
  #position: number;

  constructor(source: ByteSource, position = 0) {
    this.#source = source;
    this.#position = position;
  }

  get position(): number {
    return this.#position;
  }

  /** Bytes from here to the end of the file. */
  get restBytes(): number {
    return this.#source.sizeBytes - this.#position;
  }

  /**
   * Reads exactly this many bytes.
   *
   * @param length Not a number from the file, unless the caller has bounded it
   * @param what For the message: "its header"
   */
  async bytes(length: number, what: string): Promise<Buffer> {
    const bytes = asBuffer(await this.#source.read(this.#position, length));
    if (bytes.length < length) throw this.#truncated(what);
    this.#position += length;
    return bytes;
  }

  /** Reads a text that ends with a zero, which is not part of it, as Latin-1; `null` if it has more than `most` bytes. */
  async text(most: number, what: string): Promise<string | null> {
    const bytes = asBuffer(await this.#source.read(this.#position, most + 1));
    const end = bytes.indexOf(0);
    if (end < 0 && bytes.length < most + 1) throw this.#truncated(what);
    if (end < 0) return null;
    this.#position += end + 1;
    return bytes.toString("latin1", 0, end);
  }

  /** Passes over bytes without reading them. @param length Any number */
  skip(length: number, what: string): void {
    if (length > this.restBytes) throw this.#truncated(what);
    this.#position += length;
  }

  /** Reads this many bytes in pieces. Between them, the event loop gets its turn. @param length Any number */
  async *pieces(length: number, what: string): AsyncGenerator<Buffer> {
    if (length > this.restBytes) throw this.#truncated(what);
    for (const end = this.#position + length; this.#position < end; ) {
      await setImmediate();
      yield await this.bytes(Math.min(pieceBytes, end - this.#position), what);
    }
  }

  #truncated(what: string): FrameFaultFound {
    return new FrameFaultFound("TRUNCATED", `it ends after ${this.#source.sizeBytes} bytes, within ${what}`);
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
