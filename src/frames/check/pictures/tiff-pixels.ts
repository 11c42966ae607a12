import { faultOfZlib } from "./inflated-length.ts";
import { faultOfRuns } from "./run-lengths.ts";

/** The pixels of one strip or tile. */
export interface TiffPixels {
  /** As the directory names it. */
  readonly compression: number;
  readonly packedBytes: number;
  readonly rawBytes: number;
}

const none = 1;
const lzw = 5;
const deflate = 8;
const oldDeflate = 32946;
const packBits = 32773;

/** What is wrong with the pixels of a strip or tile; `null` if nothing is: they unpack to as many bytes as it has. */
export async function faultOfTiffPixels(pieces: AsyncIterable<Buffer>, pixels: TiffPixels): Promise<string | null> {
  const { compression, packedBytes, rawBytes } = pixels;
  switch (compression) {
    case none:
      return packedBytes === rawBytes ? null : `they have ${packedBytes} bytes, not ${rawBytes}`;
    case deflate:
    case oldDeflate:
      return await faultOfZlib({ pieces, packedBytes, rawBytes });
    case packBits:
      return await faultOfRuns(pieces, rawBytes, runOfPackBits);
    case lzw:
      return await new LzwLength(rawBytes).fault(pieces);
    default:
      return `their compression is unknown: ${compression}`;
  }
}

/** A count from 0 is followed by one byte more than it says, a negative one by a byte that is repeated; -128 says nothing. */
function runOfPackBits(count: number): readonly [number, number] {
  if (count === -128) return [0, 1];
  return [Math.abs(count) + 1, count < 0 ? 2 : count + 2];
}

const clear = 256;
const endOfData = 257;
const mostCodes = 4096;

/** Follows the codes of LZW, and adds the lengths of what they stand for. */
class LzwLength {
  readonly #rawBytes: number;
  /** By code, how many bytes it stands for. */
  readonly #lengths = new Uint32Array(mostCodes).fill(1, 0, 256);
  #next = endOfData + 1;
  #previous: number | null = null;
  #isStarted = false;
  #unpackedBytes = 0;

  constructor(rawBytes: number) {
    this.#rawBytes = rawBytes;
  }

  async fault(pieces: AsyncIterable<Buffer>): Promise<string | null> {
    const wrong = `they do not unpack to ${this.#rawBytes} bytes`;
    let [bits, bitCount] = [0, 0];
    let isAtEnd = false;
    for await (const piece of pieces) {
      for (const byte of piece) {
        if (isAtEnd) return "bytes follow their end";
        bits = ((bits << 8) | byte) & 0xfffff;
        bitCount += 8;
        const width = this.#width();
        if (bitCount < width) continue;
        bitCount -= width;
        const code = (bits >> bitCount) & ((1 << width) - 1);
        if (code === endOfData) isAtEnd = true;
        else if (!this.#take(code) || this.#unpackedBytes > this.#rawBytes) return wrong;
      }
    }
    return isAtEnd && this.#unpackedBytes === this.#rawBytes ? null : wrong;
  }

  /** Bits of the next code: one more as soon as the last code of the present width is given. */
  #width(): number {
    const given = this.#next;
    return given >= 2047 ? 12 : given >= 1023 ? 11 : given >= 511 ? 10 : 9;
  }

  /** @returns Whether there can be such a code here */
  #take(code: number): boolean {
    if (code === clear) {
      this.#next = endOfData + 1;
      this.#previous = null;
      this.#isStarted = true;
      return true;
    }
    if (!this.#isStarted) return false;
    if (this.#previous !== null && this.#next < mostCodes) {
      this.#lengths[this.#next] = (this.#lengths[this.#previous] ?? 0) + 1;
      this.#next++;
    }
    if (code >= this.#next) return false;
    this.#previous = code;
    this.#unpackedBytes += this.#lengths[code] ?? 0;
    return true;
  }
}
