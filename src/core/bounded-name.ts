import { createHash } from "node:crypto";

/**
 * Shortens a name to a number of bytes, because file systems count bytes and a character may have four. A name that is
 * short enough is unchanged; a longer one keeps its beginning, followed by a digest that tells it from others with the
 * same beginning.
 *
 * @param mostBytes At least 32
 */
export function boundedName(name: string, mostBytes: number): string {
  if (Buffer.byteLength(name) <= mostBytes) return name;
  const digest = shortDigestOf(name);
  let beginning = "";
  let bytes = digest.length + 1;
  for (const character of name) {
    bytes += Buffer.byteLength(character);
    if (bytes > mostBytes) break;
    beginning += character;
  }
  return `${beginning}~${digest}`;
}

/** A digest of 16 hexadecimal digits, to tell texts apart. */
export function shortDigestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
