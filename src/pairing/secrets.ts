import {
  createCipheriv,
  createDecipheriv,
  createDiffieHellmanGroup,
  createHash,
  createHmac,
  type DiffieHellmanGroup,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";
import { notOurs } from "./messages.ts";

const group = "modp14";
const publicBytes = 256;
const nonceBytes = 32;
const ivBytes = 12;
const codeDigits = 6;

/** What one side shows the other: its public value of the Diffie-Hellman exchange and a fresh random number. */
export interface Opening {
  /** 256 bytes, big-endian. */
  readonly public: Buffer;
  /** 32 bytes. */
  readonly nonce: Buffer;
}

/** An opening as it is sent. */
interface HexOpening {
  readonly public: string;
  readonly nonce: string;
}

export function toHex({ public: value, nonce }: Opening): HexOpening {
  return { public: value.toString("hex"), nonce: nonce.toString("hex") };
}

export function fromHex({ public: value, nonce }: HexOpening): Opening {
  return { public: Buffer.from(value, "hex"), nonce: Buffer.from(nonce, "hex") };
}

/** The encrypted farm key, in hexadecimal digits: AES-256-GCM's number, ciphertext and tag. */
export interface SealedKey {
  readonly iv: string;
  readonly sealed: string;
  readonly tag: string;
}

/** All that both sides have said until the code is known. */
export interface Transcript {
  /** The id of the key of the farm, and the name of the inviting machine. */
  readonly keyId: string;
  readonly inviterName: string;
  /** The id and the name of the joining machine. */
  readonly joinerId: string;
  readonly joinerName: string;
  /** What the joining machine has said before it knew anything of the inviter's. */
  readonly commitment: Buffer;
  readonly inviter: Opening;
  readonly joiner: Opening;
}

/** One side's secret of one exchange. It is never used again. */
export class PairingSecret {
  readonly opening: Opening;
  readonly #group: DiffieHellmanGroup;

  constructor() {
    this.#group = createDiffieHellmanGroup(group);
    this.opening = { public: padded(this.#group.generateKeys()), nonce: randomBytes(nonceBytes) };
  }

  /**
   * What follows from the whole exchange.
   *
   * @param theirs The other side's public value
   * @throws {FarmError} `FARM_BAD_MESSAGE` if that is no value of the group: it would make the secret known to all
   */
  agree(theirs: Buffer, transcript: Transcript): Agreement {
    requireInGroup(theirs, this.#group.getPrime());
    return new Agreement(padded(this.#group.computeSecret(theirs)), digestOf(transcript));
  }
}

/** The commitment to an opening: it says nothing about it, and no other opening fits it. */
export function commitmentOf(opening: Opening): Buffer {
  return createHash("sha256")
    .update(prefixed("renderfarm pairing commitment", opening.public, opening.nonce))
    .digest();
}

/** @throws {FarmError} `FARM_BAD_MESSAGE` if the opening is not the one that was committed to */
export function requireCommitted(opening: Opening, commitment: Buffer): void {
  if (!isEqual(commitmentOf(opening), commitment)) throw notOurs("its value is not the one that it had committed to");
}

/** What both sides know after an exchange, and nobody else, unless somebody was in the middle. */
export class Agreement {
  /** Six digits that are the same on both sides, unless somebody was in the middle. */
  readonly code: string;
  readonly #sealingKey: Buffer;
  readonly #proofKey: Buffer;
  readonly #transcript: Buffer;

  constructor(secret: Buffer, transcript: Buffer) {
    const derive = (purpose: string, length: number) =>
      Buffer.from(hkdfSync("sha256", secret, transcript, `renderfarm pairing ${purpose}`, length));
    // 64 bits, so that all codes are as likely as each other to one part in 10^13.
    const number = derive("code", 8).readBigUInt64BE() % 10n ** BigInt(codeDigits);
    this.code = String(number).padStart(codeDigits, "0");
    this.#sealingKey = derive("key", 32);
    this.#proofKey = derive("joined", 32);
    this.#transcript = transcript;
  }

  /** Whether this is the code. Spaces and hyphens do not matter. Takes the same time for every wrong code. */
  isCode(typed: string): boolean {
    return isEqual(Buffer.from(this.code), Buffer.from(typed.replace(/[\s-]/g, "")));
  }

  /** Encrypts the farm key. It is called once, so that no key and number is ever used twice. */
  seal(farmKey: Buffer): SealedKey {
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv("aes-256-gcm", this.#sealingKey, iv).setAAD(this.#transcript);
    const sealed = Buffer.concat([cipher.update(farmKey), cipher.final()]);
    return { iv: iv.toString("hex"), sealed: sealed.toString("hex"), tag: cipher.getAuthTag().toString("hex") };
  }

  /** @throws {FarmError} `FARM_BAD_MESSAGE` if it was not sealed by the other side of this exchange */
  unseal({ iv, sealed, tag }: SealedKey): Buffer {
    const decipher = createDecipheriv("aes-256-gcm", this.#sealingKey, Buffer.from(iv, "hex"))
      .setAAD(this.#transcript)
      .setAuthTag(Buffer.from(tag, "hex"));
    try {
      return Buffer.concat([decipher.update(sealed, "hex"), decipher.final()]);
    } catch {
      throw notOurs("the key that came was not sent by the machine of this exchange");
    }
  }

  /** The joining side's proof that it has the farm key. */
  proofOf(farmKey: Buffer): Buffer {
    return createHmac("sha256", this.#proofKey).update(farmKey).digest();
  }
}

/** Compares in constant time. */
export function isEqual(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

/** SHA-256 of the whole exchange until the code is known. */
export function digestOf(transcript: Transcript): Buffer {
  const { keyId, inviterName, joinerId, joinerName, commitment, inviter, joiner } = transcript;
  const said = [keyId, inviterName, joinerId, joinerName, commitment];
  const values = [inviter.public, inviter.nonce, joiner.public, joiner.nonce];
  return createHash("sha256")
    .update(prefixed("renderfarm pairing 1", ...said, ...values))
    .digest();
}

/** Each field with its length before it in 4 bytes, so that fields joined this way are unambiguous. */
function prefixed(...fields: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat(
    fields.flatMap((field) => {
      const bytes = Buffer.from(field as string);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

/** Refuses 0, 1, p − 1 and everything from p on: with them the secret could be foreseen. */
function requireInGroup(value: Buffer, prime: Buffer): void {
  const number = BigInt(`0x${value.toString("hex")}`);
  const limit = BigInt(`0x${prime.toString("hex")}`) - 1n;
  if (number < 2n || number >= limit) throw notOurs("its public value is not in the group");
}

/** Public values and secrets may come without their leading zeros. */
function padded(value: Buffer): Buffer {
  return Buffer.concat([Buffer.alloc(publicBytes - value.length), value]);
}
