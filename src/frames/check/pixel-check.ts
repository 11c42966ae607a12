import { finished } from "node:stream/promises";
import { createInflate } from "node:zlib";
import { messageOf } from "../../core/errors.ts";
import { FlatPicture } from "./flat-picture.ts";
import { FrameFaultFound, type FrameFormat, pngColors } from "./frame-expectation.ts";

/** Each batch is a round trip to a thread, and programs write chunks of 8 KiB. */
const batchBytes = 128 * 1024;

/**
 * Decompresses the pixels of a PNG as they are read, and checks that there are exactly as many rows as the format says.
 *
 * Nothing is kept, so memory stays below 1 MiB for a frame of any size. Data that decompresses to more than the format
 * allows is refused at the first surplus byte. The decompression runs in threads of Node's pool.
 */
export class PixelCheck {
  readonly #inflate = createInflate({ chunkSize: 256 * 1024 });
  readonly #rowBytes: number;
  readonly #expectedBytes: number;
  readonly #closed: Promise<unknown>;
  readonly #flat: FlatPicture;
  #batch: Uint8Array[] = [];
  #batchBytes = 0;
  #packedBytes = 0;
  #unpackedBytes = 0;
  #fault: FrameFaultFound | undefined;

  constructor(format: FrameFormat) {
    const pixelBits = pngColors[format.colorMode].channels * format.depth;
    const bits = format.width * pixelBits;
    this.#rowBytes = 1 + Math.ceil(bits / 8); // each row starts with the number of its filter
    this.#expectedBytes = this.#rowBytes * format.height;
    this.#flat = new FlatPicture(this.#rowBytes, pixelBits / 8);
    this.#closed = new Promise((resolve) => this.#inflate.once("close", resolve));
    this.#inflate.on("data", (pixels: Buffer) => this.#take(pixels));
    this.#inflate.on("error", (error) => {
      this.#fault ??= new FrameFaultFound("BAD_PIXELS", `its pixels cannot be decompressed (${messageOf(error)})`);
    });
  }

  /** The colour in hexadecimal, if all pixels have the same one; else `null`. Known after `finish`. */
  get flatColor(): string | null {
    return this.#flat.color;
  }

  /** Takes the next part of the compressed pixels. Sometimes waits until the previous ones are decompressed. */
  async write(packed: Uint8Array): Promise<void> {
    this.#batch.push(packed);
    this.#batchBytes += packed.length;
    if (this.#batchBytes >= batchBytes) await this.#unpack();
  }

  /** @throws {FrameFaultFound} If rows are missing or bytes are left over */
  async finish(): Promise<void> {
    await this.#unpack();
    this.#inflate.end();
    await finished(this.#inflate).catch((error: unknown) => {
      this.#fault ??= new FrameFaultFound("BAD_PIXELS", `its pixels cannot be decompressed (${messageOf(error)})`);
    });
    if (this.#fault !== undefined) throw this.#fault;
    if (this.#unpackedBytes < this.#expectedBytes) {
      const rows = Math.floor(this.#unpackedBytes / this.#rowBytes);
      throw new FrameFaultFound(
        "BAD_PIXELS",
        `only ${rows} of its ${this.#expectedBytes / this.#rowBytes} rows are there`,
      );
    }
    if (this.#inflate.bytesWritten !== this.#packedBytes) {
      throw new FrameFaultFound("BAD_PIXELS", "bytes follow the end of its pixels");
    }
  }

  [Symbol.dispose](): void {
    this.#inflate.destroy();
  }

  async #unpack(): Promise<void> {
    const packed = Buffer.concat(this.#batch);
    this.#batch = [];
    this.#batchBytes = 0;
    this.#packedBytes += packed.length;
    // zlib does not call back for a write that fails; the stream closes instead.
    const written = new Promise<void>((resolve) => this.#inflate.write(packed, () => resolve()));
    await Promise.race([written, this.#closed]);
    if (this.#fault !== undefined) throw this.#fault;
  }

  #take(pixels: Buffer): void {
    if (this.#fault !== undefined) return;
    const start = this.#unpackedBytes;
    this.#unpackedBytes += pixels.length;
    if (this.#unpackedBytes > this.#expectedBytes) {
      this.#fail("its pixels decompress to more than its size allows");
      return;
    }
    this.#flat.take(pixels);
    const firstRow = Math.ceil(start / this.#rowBytes) * this.#rowBytes;
    for (let row = firstRow; row < this.#unpackedBytes; row += this.#rowBytes) {
      const filter = pixels[row - start] ?? 0;
      if (filter > 4) this.#fail(`row ${row / this.#rowBytes} has an unknown filter: ${filter}`);
    }
  }

  #fail(message: string): void {
    this.#fault ??= new FrameFaultFound("BAD_PIXELS", message);
    this.#inflate.destroy();
  }
}
