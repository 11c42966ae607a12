/** For every 16 bits: the length of the code they start with, then 8 bits of its value; 0 if there is none. */
export type JpegCodes = Uint16Array;

const longestCode = 16;

/** The tables of a JPEG. Each may be defined once: Blender never replaces one. */
export class JpegTables {
  readonly #quantizers = new Set<number>();
  readonly #codes = new Map<number, JpegCodes>();

  /** @returns What is wrong with the segment; `null` if nothing is */
  takeQuantizers(data: Buffer): string | null {
    for (let at = 0; at < data.length; ) {
      const [precision, number] = halvesOf(data[at] ?? 0);
      at += 1 + 64 * (precision + 1);
      if (precision > 1 || number > 3 || this.#quantizers.has(number) || at > data.length) return "it is damaged";
      this.#quantizers.add(number);
    }
    return null;
  }

  /** @returns What is wrong with the segment; `null` if nothing is */
  takeCodes(data: Buffer): string | null {
    for (let at = 0; at < data.length; ) {
      const [kind, number] = halvesOf(data[at] ?? 0);
      const counts = data.subarray(at + 1, at + 1 + longestCode);
      const values = counts.reduce((sum, count) => sum + count, 0);
      const start = at + 1 + longestCode;
      at = start + values;
      const key = kind * 16 + number;
      if (kind > 1 || number > 3 || this.#codes.has(key) || at > data.length) return "it is damaged";
      const codes = codesOf(counts, data.subarray(start, at));
      if (codes === null) return "its codes are impossible";
      this.#codes.set(key, codes);
    }
    return null;
  }

  /** @param codes As a scan names them: the table of constants, then four bits for the other one */
  has(quantizer: number, codes: number): boolean {
    const [constants, others] = halvesOf(codes);
    return this.#quantizers.has(quantizer) && this.#codes.has(constants) && this.#codes.has(16 + others);
  }

  /** The two tables that a scan names, which must be there. */
  codes(codes: number): readonly [JpegCodes, JpegCodes] {
    const [constants, others] = halvesOf(codes);
    const none = new Uint16Array(1 << longestCode);
    return [this.#codes.get(constants) ?? none, this.#codes.get(16 + others) ?? none];
  }
}

/** Codes of each length follow those of the previous one. @returns `null` if there are more than fit */
function codesOf(counts: Uint8Array, values: Uint8Array): JpegCodes | null {
  const codes = new Uint16Array(1 << longestCode);
  let [next, used] = [0, 0];
  for (const [index, count] of counts.entries()) {
    const length = index + 1;
    const span = 1 << (longestCode - length);
    for (const value of values.subarray(used, used + count)) {
      if (next + span > codes.length) return null;
      codes.fill((length << 8) | value, next, next + span);
      next += span;
    }
    used += count;
  }
  return codes;
}

function halvesOf(byte: number): readonly [number, number] {
  return [byte >> 4, byte & 15];
}
