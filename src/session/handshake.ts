import { createHmac, timingSafeEqual } from "node:crypto";
import type { FarmKey } from "../core/farm-key.ts";
import type { NodeId } from "../core/node.ts";
import { lengthPrefixed } from "./bytes.ts";

/** What both sides must agree on before they prove that they know the key; docs/protocol.md, "Handshake". */
export interface HandshakeTerms {
  readonly protocol: number;
  readonly node: NodeId;
  readonly coordinatorNonce: Buffer;
  readonly nodeNonce: Buffer;
  /** SHA-256 of the node's certificate; empty for a link without TLS. */
  readonly tlsFingerprint: Buffer;
}

/** The two proofs, and the key that seals later messages. */
type Purpose = "coordinator" | "node" | "session";

function transcriptOf(terms: HandshakeTerms): Buffer {
  return Buffer.concat([
    lengthPrefixed(Buffer.from(String(terms.protocol), "ascii")),
    lengthPrefixed(Buffer.from(terms.node, "ascii")),
    lengthPrefixed(terms.coordinatorNonce),
    lengthPrefixed(terms.nodeNonce),
    lengthPrefixed(terms.tlsFingerprint),
  ]);
}

function derive(key: FarmKey, purpose: Purpose, terms: HandshakeTerms): Buffer {
  return createHmac("sha256", key.bytes)
    .update(lengthPrefixed(Buffer.from(purpose, "ascii")))
    .update(transcriptOf(terms))
    .digest();
}

/** A proof of knowing the key that is valid for this conversation only; 32 bytes. */
export function proofOf(role: "coordinator" | "node", key: FarmKey, terms: HandshakeTerms): Buffer {
  return derive(key, role, terms);
}

/** The key that seals all later messages of this conversation; 32 bytes. */
export function sessionKeyOf(key: FarmKey, terms: HandshakeTerms): Buffer {
  return derive(key, "session", terms);
}

/** Compares in constant time, so that a wrong proof says nothing about the right one. */
export function isSameProof(expected: Buffer, given: Buffer): boolean {
  return expected.length === given.length && timingSafeEqual(expected, given);
}
