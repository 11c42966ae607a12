import { createHmac, randomBytes } from "node:crypto";

const madeKeyBytes = 20;

/** The secret that the coordinators and nodes of a farm share. Never log it; only `id` may be shown. */
export interface FarmKey {
  readonly bytes: Buffer;
  /** 8 hexadecimal digits that tell keys apart. They are public, and let anybody check a guess of the key. */
  readonly id: string;
}

/** Makes a key of 160 random bits. */
export function makeFarmKey(): FarmKey {
  return farmKeyOf(randomBytes(madeKeyBytes));
}

/** The key of an open node: empty, so it proves nothing. */
export const openKey: FarmKey = { bytes: Buffer.alloc(0), id: "" };

export function farmKeyOf(bytes: Buffer): FarmKey {
  return { bytes, id: createHmac("sha256", bytes).update("renderfarm key id").digest("hex").slice(0, 8) };
}
