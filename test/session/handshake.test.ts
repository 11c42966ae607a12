import { describe, expect, test } from "vitest";
import type { FarmKey } from "../../src/core/farm-key.ts";
import { type HandshakeTerms, isSameProof, proofOf, sessionKeyOf } from "../../src/session/handshake.ts";
import { protocolVersion } from "../../src/session/protocol.ts";
import { type GoldenConversation, goldenHandshake } from "../support/golden.ts";

const conversations = goldenHandshake().handshakes;

function termsOf(golden: GoldenConversation): HandshakeTerms {
  return {
    protocol: protocolVersion,
    node: golden.nodeId,
    coordinatorNonce: Buffer.from(golden.coordinatorNonce, "hex"),
    nodeNonce: Buffer.from(golden.nodeNonce, "hex"),
    tlsFingerprint: Buffer.from(golden.tlsFingerprint, "hex"),
  };
}

const keyOf = (golden: GoldenConversation): FarmKey => ({ bytes: Buffer.from(golden.keyHex, "hex"), id: "" });

describe.each(conversations)("golden handshake with key '$keyHex' and fingerprint '$tlsFingerprint'", (golden) => {
  const key = keyOf(golden);
  const terms = termsOf(golden);

  test("proofs and session key are the golden ones", () => {
    expect(proofOf("coordinator", key, terms).toString("hex")).toBe(golden.coordinatorProof);
    expect(proofOf("node", key, terms).toString("hex")).toBe(golden.nodeProof);
    expect(sessionKeyOf(key, terms).toString("hex")).toBe(golden.sessionKey);
  });

  test("everything that either side said changes every proof", () => {
    const changes: Partial<HandshakeTerms>[] = [
      { protocol: 2 },
      { node: "0".repeat(32) },
      { coordinatorNonce: Buffer.alloc(32) },
      { nodeNonce: Buffer.alloc(32) },
      { tlsFingerprint: Buffer.alloc(32) },
      { coordinatorNonce: terms.nodeNonce, nodeNonce: terms.coordinatorNonce },
    ];
    const proofs = changes.map((change) => proofOf("node", key, { ...terms, ...change }).toString("hex"));
    expect(new Set([golden.nodeProof, ...proofs]).size).toBe(changes.length + 1);
  });
});

test("isSameProof() is true only for equal proofs, whatever their lengths", () => {
  const proof = Buffer.alloc(32, 7);
  const other = Buffer.from(proof);
  other[31] = 8;
  expect(isSameProof(proof, Buffer.from(proof))).toBe(true);
  expect(isSameProof(proof, other)).toBe(false);
  expect(isSameProof(proof, proof.subarray(1))).toBe(false);
  expect(isSameProof(proof, Buffer.alloc(0))).toBe(false);
});
