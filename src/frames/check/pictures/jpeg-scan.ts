import type { PictureSize } from "../size-and-depth.ts";
import type { JpegCodes, JpegTables } from "./jpeg-tables.ts";

/** A colour of a JPEG. */
export interface JpegComponent {
  readonly id: number;
  /** Its samples, compared with those of the other components. */
  readonly across: number;
  readonly down: number;
  readonly quantizer: number;
  /** The tables of codes that the scan names for it. */
  codes?: number;
}

const end = 0xd9;
const lastCoefficient = 63;
/** The largest number of bits that follow a code: of constants, of others. */
const mostBits = [11, 10] as const;

/**
 * Follows the codes of a baseline scan, and counts its blocks of 8×8 samples: there must be exactly as many as the size
 * needs, then the end marker.
 */
export class JpegScan {
  /** Tables of each block of a unit, which holds some blocks of each component. */
  readonly #unit: readonly (readonly [JpegCodes, JpegCodes])[];
  #blocksLeft: number;
  #block = 0;
  #coefficient = 0;
  /** Bits that were read and not used, and how many. */
  #bits = 0;
  #bitCount = 0;
  #bitsToSkip = 0;
  #isAfterFf = false;
  #isAtEnd = false;
  #takenBytes = 0;

  constructor({ width, height }: PictureSize, components: readonly JpegComponent[], tables: JpegTables) {
    const isAlone = components.length === 1; // then its samples are in no units
    const across = isAlone ? 1 : Math.max(...components.map((component) => component.across));
    const down = isAlone ? 1 : Math.max(...components.map((component) => component.down));
    this.#unit = components.flatMap((component) => {
      const pair = tables.codes(component.codes ?? 0);
      return Array.from({ length: isAlone ? 1 : component.across * component.down }, () => pair);
    });
    this.#blocksLeft = Math.ceil(width / (8 * across)) * Math.ceil(height / (8 * down)) * this.#unit.length;
  }

  /** Whether the end marker was reached. */
  get isAtEnd(): boolean {
    return this.#isAtEnd;
  }

  /** Bytes up to here, or up to the end marker. */
  get takenBytes(): number {
    return this.#takenBytes;
  }

  /** Takes the next bytes. @returns What is wrong; `null` if nothing is yet */
  take(piece: Buffer): string | null {
    for (let at = 0; ; ) {
      while (this.#bitCount < 16 && !this.#isAtEnd) {
        const byte = piece[at];
        if (byte === undefined) return null;
        at++;
        this.#takenBytes++;
        if (!this.#takeByte(byte)) return "a marker interrupts its pixels";
      }
      const isDone = this.#blocksLeft === 0 && this.#bitsToSkip === 0;
      if (isDone) return this.#finish();
      const fault = this.#bitsToSkip > 0 ? this.#skip() : this.#decode();
      if (fault !== null) return fault;
    }
  }

  /** @returns Whether such a byte may be there */
  #takeByte(byte: number): boolean {
    if (!this.#isAfterFf && byte === 0xff) {
      this.#isAfterFf = true;
      return true;
    }
    // A zero says that the 255 before it was no marker.
    if (this.#isAfterFf && byte === end) this.#isAtEnd = true;
    else if (this.#isAfterFf && byte !== 0) return false;
    else this.#bits = (this.#bits << 8) | (this.#isAfterFf ? 0xff : byte);
    if (!this.#isAtEnd) this.#bitCount += 8;
    this.#isAfterFf = false;
    return true;
  }

  #finish(): string | null {
    if (this.#isAtEnd && this.#bitCount < 8) return null;
    return "it has more pixels than its size needs";
  }

  #skip(): string | null {
    const count = Math.min(this.#bitsToSkip, this.#bitCount);
    if (count === 0) return this.#missing();
    this.#drop(count);
    this.#bitsToSkip -= count;
    return null;
  }

  #decode(): string | null {
    const ahead = this.#bitCount >= 16 ? this.#bits >> (this.#bitCount - 16) : this.#bits << (16 - this.#bitCount);
    const isConstant = this.#coefficient === 0;
    const code = this.#unit[this.#block]?.[isConstant ? 0 : 1][ahead & 0xffff] ?? 0;
    const length = code >> 8;
    if (length === 0) return "its pixels have an unknown code";
    if (length > this.#bitCount) return this.#missing();
    this.#drop(length);
    const [run, bits] = isConstant ? [0, code & 0xff] : [(code >> 4) & 15, code & 15];
    if (bits > mostBits[isConstant ? 0 : 1]) return "its pixels have an impossible code";
    this.#bitsToSkip = bits;
    const isLast = !isConstant && bits === 0 && run < 15;
    this.#coefficient += isLast ? 0 : run + 1;
    if (this.#coefficient > lastCoefficient + 1) return "a block of its pixels is too long";
    if (isLast || this.#coefficient === lastCoefficient + 1) this.#endBlock();
    return null;
  }

  /** The bits that follow the last code may still be there, and are skipped next. */
  #endBlock(): void {
    this.#coefficient = 0;
    this.#block = (this.#block + 1) % this.#unit.length;
    this.#blocksLeft--;
  }

  #drop(count: number): void {
    this.#bitCount -= count;
    this.#bits &= (1 << this.#bitCount) - 1;
  }

  #missing(): string {
    return `${this.#blocksLeft} blocks of its pixels are missing`;
  }
}
