import { decompressed } from "./decompress.ts";

/**
 * Finds out which texts stand in a blendfile, where each ends with a zero byte. What a node asks for must: it may only
 * ask for files that the blendfile itself names.
 *
 * @returns Those of the texts that stand in it
 * @throws {Error} If the file cannot be read
 */
export async function textsIn(path: string, texts: Iterable<string>): Promise<ReadonlySet<string>> {
  const wanted = new Map([...texts].map((text) => [text, Buffer.from(`${text}\0`, "utf8")]));
  const found = new Set<string>();
  const longest = Math.max(1, ...[...wanted.values()].map(({ length }) => length));
  let rest: Uint8Array = new Uint8Array();
  for await (const piece of decompressed(path)) {
    const text = Buffer.concat([rest, piece]);
    for (const [name, bytes] of wanted) {
      if (text.indexOf(bytes) < 0) continue;
      found.add(name);
      wanted.delete(name);
    }
    if (wanted.size === 0) break;
    rest = text.subarray(Math.max(0, text.length - longest + 1)); // a text may lie across two pieces
  }
  return found;
}
