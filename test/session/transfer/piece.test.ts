import { expect, test } from "vitest";
import { decodePiece, encodePiece, largestPieceBytes, pieceHeaderBytes } from "../../../src/session/transfer/piece.ts";
import { goldenHandshake } from "../../support/golden.ts";

const { pieces, refusedPieces } = goldenHandshake();

test.each(pieces)("the golden piece of transfer $transfer is written and read", (golden) => {
  const piece = { transfer: golden.transfer, offset: golden.offset, data: Buffer.from(golden.dataHex, "hex") };
  expect(encodePiece(piece).toString("hex")).toBe(golden.messageHex);
  expect(decodePiece(Buffer.from(golden.messageHex, "hex"))).toEqual(piece);
});

test.each(refusedPieces)("decodePiece() refuses the golden bytes '%s'", (hex) => {
  expect(decodePiece(Buffer.from(hex, "hex"))).toBeUndefined();
});

test("decodePiece() accepts a piece of exactly the limit and refuses one byte more", () => {
  const header = Buffer.alloc(pieceHeaderBytes);
  expect(decodePiece(Buffer.concat([header, Buffer.alloc(largestPieceBytes)]))?.data.length).toBe(largestPieceBytes);
  expect(decodePiece(Buffer.concat([header, Buffer.alloc(largestPieceBytes + 1)]))).toBeUndefined();
});

test("decodePiece() refuses an offset that no number can hold exactly", () => {
  const message = Buffer.alloc(pieceHeaderBytes + 1);
  message.writeBigUInt64BE(2n ** 53n, 4);
  expect(decodePiece(message)).toBeUndefined();
  message.writeBigUInt64BE(2n ** 53n - 1n, 4);
  expect(decodePiece(message)?.offset).toBe(Number.MAX_SAFE_INTEGER);
});
