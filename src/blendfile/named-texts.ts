import { decompressed } from "./decompress.ts";

/**
 * Finds out which texts stand in blendfiles, where each ends with a zero byte. What a node asks for must: it may only
 * ask for files that a blendfile itself names. It takes one look at each byte, however many texts there are.
 *
 * @param texts Empty ones are never found
 * @returns A function that takes the path of a blendfile, and returns those of the texts that stand in it and were not
 * found before; it throws an error if the file cannot be read
 */
export function lookFor(texts: Iterable<string>): (path: string) => Promise<readonly string[]> {
  const wanted = new Wanted(texts);
  return async (path) => {
    if (wanted.isFound) return [];
    let rest: Uint8Array = new Uint8Array();
    for await (const piece of decompressed(path)) {
      const bytes = Buffer.concat([rest, piece]);
      wanted.searchIn(bytes, rest.length);
      if (wanted.isFound) break;
      rest = bytes.subarray(Math.max(0, bytes.length - wanted.longest)); // a text may lie across two pieces
    }
    return wanted.takeFound();
  };
}

/** The texts that are looked for, by their last byte and their length, as a zero byte is seen only after their end. */
class Wanted {
  #found: string[] = [];
  readonly longest: number;
  readonly #lengths: readonly (readonly number[])[];
  /** The texts by their bytes, each as one character. */
  readonly #byBytes: Map<string, string>;

  constructor(texts: Iterable<string>) {
    const encoded = [...texts].filter((text) => text !== "").map((text) => [text, Buffer.from(text, "utf8")] as const);
    this.longest = encoded.reduce((most, [, { length }]) => Math.max(most, length), 0);
    this.#byBytes = new Map(encoded.map(([text, bytes]) => [bytes.toString("latin1"), text]));
    this.#lengths = Array.from({ length: 256 }, (_, last) => {
      return [...new Set(encoded.filter(([, bytes]) => bytes.at(-1) === last).map(([, { length }]) => length))];
    });
  }

  takeFound(): readonly string[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }

  get isFound(): boolean {
    return this.#byBytes.size === 0;
  }

  /** @param from Where what was not searched before begins */
  searchIn(bytes: Buffer, from: number): void {
    // No text ends with a zero, and blendfiles are full of them: most are passed by at once.
    let last = bytes[from - 1] ?? 0;
    for (let end = from; end < bytes.length; end++) {
      const byte = bytes[end] as number;
      if (byte === 0 && last !== 0) {
        for (const length of this.#lengths[last] ?? [])
          if (length <= end) this.#look(bytes.toString("latin1", end - length, end));
      }
      last = byte;
    }
  }

  #look(bytes: string): void {
    const text = this.#byBytes.get(bytes);
    if (text === undefined) return;
    this.#found.push(text);
    this.#byBytes.delete(bytes);
  }
}
