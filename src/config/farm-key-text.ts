import { base32nopad } from "@scure/base";
import { FarmError } from "../core/errors.ts";
import { type FarmKey, farmKeyOf } from "../core/farm-key.ts";
import { ownCommand } from "../core/own-command.ts";
import { counted } from "../core/text.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const shortestKeyBits = 128;
/** The longest repeated block to look for: nobody types a longer one over and over, and no random key repeats one. */
const longestBlock = 16;
/** Lengths of base32 text, modulo 8, that no number of whole bytes has. */
const lengthsOfNoBytes: ReadonlySet<number> = new Set([1, 3, 6]);
const hint = "Give the key that the node showed, or let a node make one: it has 32 letters and digits";

/**
 * Reads a key as people write it: base32 (RFC 4648) without padding; case, spaces and hyphens do not matter.
 *
 * @param source Where the text comes from, for the error, which never contains the text itself
 * @throws {FarmError} `FARM_KEY_UNUSABLE` if it is not base32, has fewer than 128 bits, or repeats a few letters
 */
export function parseFarmKey(text: string, source: string): FarmKey {
  // Only ASCII letters: the upper case of some other letters, such as "ß", consists of ASCII letters.
  const symbols = text.replace(/[\s-]/g, "").replace(/[a-z]/g, (letter) => letter.toUpperCase());
  if (!/^[A-Z2-7]*$/.test(symbols)) throw unusable(source, "it is not base32 text");
  const bitCount = symbols.length * 5;
  if (bitCount < shortestKeyBits) throw unusable(source, `it has ${bitCount} bits, and ${shortestKeyBits} are needed`);
  if (lengthsOfNoBytes.has(symbols.length % 8)) {
    throw unusable(source, `no key has ${symbols.length} characters; some are missing`);
  }
  const bytes = Buffer.from(base32nopad.decode(withoutSpareBits(symbols, bitCount % 8)));
  // HMAC treats a key of zeros like an empty key, which everybody has.
  if (bytes.every((byte) => byte === 0)) throw unusable(source, "a key of zeros protects nothing");
  const block = repeatedBlock(symbols);
  if (block !== undefined) {
    throw new FarmError(
      "FARM_KEY_UNUSABLE",
      `Cannot use the farm key from ${source}: it repeats its first ${counted(block, "letter")}, so it can be guessed`,
      `Make a random one with '${ownCommand()} key make --replace', and give it to every machine of the farm`,
    );
  }
  return farmKeyOf(bytes);
}

/** Writes a key for people: base32 in groups of four. */
export function formatFarmKey(key: FarmKey): string {
  return base32nopad.encode(key.bytes).replace(/(.{4})(?=.)/g, "$1-");
}

/** The last symbol may have bits beyond the last whole byte. They do not count, here or on the node. */
function withoutSpareBits(symbols: string, spareBits: number): string {
  const last = alphabet.indexOf(symbols.slice(-1));
  return symbols.slice(0, -1) + alphabet.charAt((last >> spareBits) << spareBits);
}

/** The length of the block that the text repeats; `undefined` if it does not repeat one. */
function repeatedBlock(symbols: string): number | undefined {
  const lengths = Array.from({ length: longestBlock }, (_, index) => index + 1);
  return lengths.find((length) => symbols.slice(length) === symbols.slice(0, -length));
}

function unusable(source: string, why: string): FarmError {
  return new FarmError("FARM_KEY_UNUSABLE", `Cannot use the farm key from ${source}: ${why}`, hint);
}
