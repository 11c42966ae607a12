import { createDecipheriv } from "node:crypto";
import { expect, test } from "vitest";
import { Agreement, commitmentOf, digestOf, PairingSecret } from "../../src/pairing/secrets.ts";

const bytes = (value: number, length: number) => Buffer.alloc(length, value);
const joiner = { public: bytes(1, 256), nonce: bytes(2, 32) };
const inviter = { public: bytes(3, 256), nonce: bytes(4, 32) };
const transcript = {
  ...{ keyId: "0a1b2c3d", inviterName: "attic", joinerId: "0123456789abcdef".repeat(2), joinerName: "Süd" },
  ...{ commitment: commitmentOf(joiner), inviter, joiner },
};

test("all values are as docs/protocol.md defines them; these were computed from that page in Python", () => {
  const hex = (value: Buffer) => value.toString("hex");
  expect(hex(transcript.commitment)).toBe("064a43869d02dab5f70c8a98ece1aee28083209848738150f51059231c2c3b00");
  const salt = digestOf(transcript);
  expect(hex(salt)).toBe("e8ee12065e81aed3aca5d574bef007f8b836f901fa780300c04955df772d59e5");
  const agreement = new Agreement(bytes(5, 256), salt);
  expect(agreement.code).toBe("192033");
  expect(hex(agreement.proofOf(bytes(6, 20)))).toBe("21f8d91b92703579d4615d0219362a88379ed026f4747dc4abc51796637078ff");
  const { iv, sealed, tag } = agreement.seal(bytes(6, 20));
  const key = Buffer.from("4e991e11eac4cbf8dbd436df2f4d4f7e745443c20d1d7938c6668b6cedeafd01", "hex");
  const opened = createDecipheriv("aes-256-gcm", key, Buffer.from(iv, "hex")).setAAD(salt);
  opened.setAuthTag(Buffer.from(tag, "hex"));
  expect(hex(Buffer.concat([opened.update(sealed, "hex"), opened.final()]))).toBe("06".repeat(20));
});

test("every part of the exchange changes the code", () => {
  const codeOf = (change: object) => new Agreement(bytes(5, 256), digestOf({ ...transcript, ...change })).code;
  const changes = [
    ...[{}, { keyId: "0a1b2c3e" }, { inviterName: "attid" }, { joinerName: "Sud" }, { joinerId: "f".repeat(32) }],
    ...[{ inviter: joiner }, { joiner: inviter }, { inviter: { ...inviter, nonce: bytes(9, 32) } }],
    // The border between two names counts too.
    { inviterName: "atticS", joinerName: "üd" },
  ];
  expect(new Set(changes.map(codeOf)).size).toBe(changes.length);
});

test("both sides come to the same code, whatever the leading digits of the secret are", () => {
  for (let times = 0; times < 20; times += 1) {
    const [one, other] = [new PairingSecret(), new PairingSecret()];
    const both = { ...transcript, inviter: one.opening, joiner: other.opening };
    expect(one.agree(other.opening.public, both).code).toBe(other.agree(one.opening.public, both).code);
  }
});

test("a code is compared without spaces and hyphens, and nothing else passes", () => {
  const agreement = new Agreement(bytes(5, 256), digestOf(transcript));
  for (const typed of ["192033", "192 033", "192-033", " 192033 "]) expect(agreement.isCode(typed)).toBe(true);
  for (const typed of ["", "192034", "19203", "1920330", "¹92033", "192033\u0000"]) {
    expect(agreement.isCode(typed)).toBe(false);
  }
});
