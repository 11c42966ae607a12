import { createHmac, randomBytes } from "node:crypto";

const madeKeyBytes = 20;

/** The secret that one farm's coordinators and nodes share. Never log one: `id` is what may be shown. */
export interface FarmKey {
  readonly bytes: Buffer;
  /** 8 hexadecimal digits that tell it from other keys. They are public, and whoever guesses a key can check it by them. */
  readonly id: string;
}

/** Makes a key of 160 random bits. */
export function makeFarmKey(): FarmKey {
  return farmKeyOf(randomBytes(madeKeyBytes));
}

/** The key of an open node: empty, so it proves nothing about anybody. */
export const openKey: FarmKey = { bytes: Buffer.alloc(0), id: "" };

export function farmKeyOf(bytes: Buffer): FarmKey {
  return { bytes, id: createHmac("sha256", bytes).update("renderfarm key id").digest("hex").slice(0, 8) };
}
