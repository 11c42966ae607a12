import { decompressed } from "./decompress.ts";

/**
 * Finds out which texts stand in a blendfile, where each ends with a zero byte. What a node asks for must: it may only
 * ask for files that the blendfile itself names. It takes one look at each byte, however many texts there are.
 *
 * @param texts Empty ones are never found
 * @returns Those of the texts that stand in it
 * @throws {Error} If the file cannot be read
 */
export async function textsIn(path: string, texts: Iterable<string>): Promise<ReadonlySet<string>> {
  const wanted = new Wanted(texts);
  if (wanted.longest === 0) return wanted.found;
  let rest: Uint8Array = new Uint8Array();
  for await (const piece of decompressed(path)) {
    const bytes = Buffer.concat([rest, piece]);
    wanted.searchIn(bytes, rest.length);
    if (wanted.isFound) break;
    rest = bytes.subarray(Math.max(0, bytes.length - wanted.longest)); // a text may lie across two pieces
  }
  return wanted.found;
}

/** The texts that are looked for, by their last byte and their length, as a zero byte is seen only after their end. */
class Wanted {
  readonly found = new Set<string>();
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

  get isFound(): boolean {
    return this.#byBytes.size === 0;
  }

  /** @param from Where what was not searched before begins */
  searchIn(bytes: Buffer, from: number): void {
    for (let end = bytes.indexOf(0, from); end >= 0; end = bytes.indexOf(0, end + 1)) {
      for (const length of this.#lengths[bytes[end - 1] ?? 0] ?? [])
        if (length <= end) this.#look(bytes.toString("latin1", end - length, end));
    }
  }

  #look(bytes: string): void {
    const text = this.#byBytes.get(bytes);
    if (text === undefined) return;
    this.found.add(text);
    this.#byBytes.delete(bytes);
  }
}
