/**
 * Finds whether a picture is one flat colour, row by row as it is decompressed. A row of such a picture has few forms,
 * one for each of PNG's filters, so that the pixels need not be computed (PNG specification, section 9).
 */
export class FlatPicture {
  readonly #rowBytes: number;
  readonly #pixelBytes: number;
  readonly #row: Buffer;
  /** Forms of a row, by filter: of the first row, and of the others. */
  readonly #forms: (Buffer | undefined)[] = [];
  #filled = 0;
  #rows = 0;
  #isFlat = true;
  #color: Buffer | undefined;

  /** @param rowBytes With the number of its filter, which each row starts with */
  constructor(rowBytes: number, pixelBytes: number) {
    this.#rowBytes = rowBytes;
    this.#pixelBytes = pixelBytes;
    this.#row = Buffer.alloc(rowBytes);
  }

  /** The colour in hexadecimal, one channel after the other; `null` if the picture is not flat. */
  get color(): string | null {
    return this.#isFlat && this.#color !== undefined ? this.#color.toString("hex") : null;
  }

  /** Takes the next decompressed bytes, in order. */
  take(bytes: Buffer): void {
    for (let at = 0; this.#isFlat && at < bytes.length; ) {
      const count = Math.min(this.#rowBytes - this.#filled, bytes.length - at);
      bytes.copy(this.#row, this.#filled, at, at + count);
      at += count;
      this.#filled += count;
      if (this.#filled === this.#rowBytes) this.#endRow();
    }
  }

  #endRow(): void {
    this.#color ??= Buffer.from(this.#row.subarray(1, 1 + this.#pixelBytes)); // before it there is nothing to filter by
    const filter = this.#row[0] ?? 0;
    const index = 2 * filter + (this.#rows === 0 ? 0 : 1);
    this.#forms[index] ??= this.#formOf(filter, this.#rows === 0, this.#color);
    this.#isFlat = this.#forms[index].equals(this.#row);
    this.#filled = 0;
    this.#rows += 1;
  }

  /** What is left of a row of this colour when each byte is replaced by its difference from what the filter predicts. */
  #formOf(filter: number, isFirst: boolean, color: Buffer): Buffer {
    const form = Buffer.alloc(this.#rowBytes);
    form[0] = filter;
    for (let at = 1; at < this.#rowBytes; at++) {
      const value = color[(at - 1) % this.#pixelBytes] ?? 0;
      const [left, up] = [at <= this.#pixelBytes ? 0 : value, isFirst ? 0 : value];
      // Paeth predicts by whichever of the neighbours is nearest to their sum less the corner: here that is `value`.
      const predicted = [0, left, up, (left + up) >> 1, Math.max(left, up)][filter] ?? 0;
      form[at] = value - predicted;
    }
    return form;
  }
}
