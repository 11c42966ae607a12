import { createHash } from "node:crypto";

/**
 * A name made of another one that is at most so many bytes long, since file systems count bytes and letters may have
 * four. One that is short enough stays as it is; of a longer one the beginning stays, and a digest tells it from others
 * that begin alike.
 *
 * @param mostBytes At least 32
 */
export function boundedName(name: string, mostBytes: number): string {
  if (Buffer.byteLength(name) <= mostBytes) return name;
  const digest = shortDigestOf(name);
  let beginning = "";
  let bytes = digest.length + 1;
  for (const letter of name) {
    bytes += Buffer.byteLength(letter);
    if (bytes > mostBytes) break;
    beginning += letter;
  }
  return `${beginning}~${digest}`;
}

/** 16 hexadecimal digits that tell one text from another. */
export function shortDigestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
