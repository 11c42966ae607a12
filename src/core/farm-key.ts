import { createHmac, randomBytes } from "node:crypto";
import { FarmError } from "./errors.ts";
import { ownCommand } from "./own-command.ts";
import { counted } from "./text.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const shortestKeyBits = 128;
const madeKeyBytes = 20;
/** Nobody types more letters again and again until a key is long enough, and no random key repeats so few. */
const longestBlock = 16;
/** Lengths of base32 text, modulo 8, that no whole bytes have. */
const lengthsOfNoBytes: ReadonlySet<number> = new Set([1, 3, 6]);

/** The secret that one farm's coordinators and nodes share. Never log one: `id` is what may be shown. */
export interface FarmKey {
  readonly bytes: Buffer;
  /** 8 hexadecimal digits by which it is told from others. All can read them, and check with them what they guess. */
  readonly id: string;
}

/**
 * Reads a key as people write it: base32 (RFC 4648) without padding; case, spaces and hyphens do not count.
 *
 * @param source Where the text is from, for the error: the text itself never appears in one
 * @throws {FarmError} `FARM_KEY_UNUSABLE` when it is not base32, has less than 128 bits, or repeats a few letters
 */
export function parseFarmKey(text: string, source: string): FarmKey {
  // Only ASCII letters: upper case of some others, such as "ß", is made of letters of the alphabet.
  const symbols = text.replace(/[\s-]/g, "").replace(/[a-z]/g, (letter) => letter.toUpperCase());
  const hint = "Give the key as the node showed it, or let a node make one: it has 32 letters and digits";
  let bits = 0n;
  for (const symbol of symbols) {
    const value = alphabet.indexOf(symbol);
    if (value < 0) {
      throw new FarmError("FARM_KEY_UNUSABLE", `Cannot use the farm key of ${source}: it is not base32 text`, hint);
    }
    bits = (bits << 5n) | BigInt(value);
  }
  const bitCount = symbols.length * 5;
  if (bitCount < shortestKeyBits) {
    throw new FarmError(
      "FARM_KEY_UNUSABLE",
      `Cannot use the farm key of ${source}: it has ${bitCount} bits, and ${shortestKeyBits} are needed`,
      hint,
    );
  }
  if (lengthsOfNoBytes.has(symbols.length % 8)) {
    throw new FarmError(
      "FARM_KEY_UNUSABLE",
      `Cannot use the farm key of ${source}: no key has ${symbols.length} characters, some are missing`,
      hint,
    );
  }
  const byteCount = Math.floor(bitCount / 8);
  const whole = bits >> BigInt(bitCount - byteCount * 8);
  if (whole === 0n) {
    // To HMAC a key of zeros is the empty key, which everybody has.
    throw new FarmError(
      "FARM_KEY_UNUSABLE",
      `Cannot use the farm key of ${source}: a key of zeros is worth no more than none`,
      hint,
    );
  }
  const block = repeatedBlock(symbols);
  if (block !== undefined) {
    throw new FarmError(
      "FARM_KEY_UNUSABLE",
      `Cannot use the farm key of ${source}: it repeats its first ${counted(block, "letter")}, and can be guessed`,
      `Make a random one with '${ownCommand()} key make --replace', and give it to every machine of the farm`,
    );
  }
  return farmKeyOf(Buffer.from(whole.toString(16).padStart(byteCount * 2, "0"), "hex"));
}

/** Makes a key of 160 random bits. */
export function makeFarmKey(): FarmKey {
  return farmKeyOf(randomBytes(madeKeyBytes));
}

/** The key of an open node: empty, so it proves nothing about anybody. */
export const openKey: FarmKey = { bytes: Buffer.alloc(0), id: "" };

/** Writes a key for people: base32 in groups of four. */
export function formatFarmKey(key: FarmKey): string {
  let symbols = "";
  let pending = 0;
  let pendingBits = 0;
  for (const byte of key.bytes) {
    pending = (pending << 8) | byte;
    pendingBits += 8;
    while (pendingBits >= 5) {
      pendingBits -= 5;
      symbols += alphabet.charAt((pending >> pendingBits) & 31);
    }
    pending &= (1 << pendingBits) - 1;
  }
  if (pendingBits > 0) symbols += alphabet.charAt((pending << (5 - pendingBits)) & 31);
  return symbols.replace(/(.{4})(?=.)/g, "$1-");
}

/** How many letters are written again and again; `undefined` when none are. */
function repeatedBlock(symbols: string): number | undefined {
  const lengths = Array.from({ length: longestBlock }, (_, index) => index + 1);
  return lengths.find((length) => symbols.slice(length) === symbols.slice(0, -length));
}

function farmKeyOf(bytes: Buffer): FarmKey {
  return { bytes, id: createHmac("sha256", bytes).update("renderfarm key id").digest("hex").slice(0, 8) };
}
