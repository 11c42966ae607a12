import { expect, test } from "vitest";
import type { PictureExpectation } from "../../../src/frames/check/pictures/picture-expectation.ts";
import { acceptedCuts, codeOfPicture } from "../../support/check-picture.ts";
import { joinWebp, losslessPixels, lossyPixels, webpChunk, webpHeader } from "../../support/make-pictures.ts";

const expected: PictureExpectation = {
  ...{ format: "webp", size: { width: 20, height: 12 }, depth: 8, frame: 7, mustHaveFrame: false },
};
const [alphaFlag, profileFlag] = [0x10, 0x20];
const alpha = webpChunk("ALPH", Buffer.alloc(1 + 20 * 12));
const packedAlpha = webpChunk("ALPH", Buffer.from([1, 0, 0]));
const profile = (() => {
  const data = Buffer.alloc(132);
  data.writeUInt32BE(132, 0);
  data.write("acsp", 36);
  return webpChunk("ICCP", data);
})();

test.each([
  ["lossy", joinWebp(lossyPixels())],
  ["lossless", joinWebp(losslessPixels())],
  ["lossy with alpha", joinWebp(webpHeader(alphaFlag), alpha, lossyPixels())],
  ["lossy with compressed alpha", joinWebp(webpHeader(alphaFlag), packedAlpha, lossyPixels())],
  ["lossless with a profile", joinWebp(webpHeader(profileFlag), profile, losslessPixels())],
  ["lossy with all", joinWebp(webpHeader(alphaFlag | profileFlag), profile, alpha, lossyPixels())],
])("a WebP that is %s is accepted, and refused if it is cut at any byte", async (_, bytes) => {
  expect(await codeOfPicture(bytes, expected)).toBe("ok");
  expect(await codeOfPicture(bytes, { ...expected, size: null, depth: null, frame: null })).toBe("ok");
  expect(await acceptedCuts(bytes, expected)).toEqual([]);
});

test.each([
  ["a text", Buffer.from("not a picture at all"), "WRONG_FORMAT"],
  ["another format of RIFF", Buffer.from(joinWebp(lossyPixels())).fill("WAVE", 8, 12), "WRONG_FORMAT"],
  ["bytes after its end", Buffer.concat([joinWebp(lossyPixels()), Buffer.alloc(2)]), "TRAILING_BYTES"],
  ["no pixels", joinWebp(webpHeader(0)), "BAD_PIXELS"],
  ["two pictures", joinWebp(webpHeader(0), lossyPixels(), losslessPixels()), "BAD_PIXELS"],
  ["another size", joinWebp(lossyPixels(21)), "WRONG_SIZE"],
  ["another size without loss", joinWebp(losslessPixels(20, 13)), "WRONG_SIZE"],
  ["another size in its header", joinWebp(webpHeader(0, 21), lossyPixels()), "BAD_CHUNK"],
  ["animation", joinWebp(webpHeader(2), lossyPixels()), "BAD_CHUNK"],
  ["an unknown chunk", joinWebp(webpHeader(0), lossyPixels(), webpChunk("XMP ", Buffer.alloc(4))), "FOREIGN_CHUNK"],
  ["chunks out of order", joinWebp(webpHeader(alphaFlag), lossyPixels(), packedAlpha), "BAD_CHUNK"],
  ["a chunk twice", joinWebp(lossyPixels(), lossyPixels()), "BAD_CHUNK"],
  ["a header too late", joinWebp(packedAlpha, webpHeader(alphaFlag), lossyPixels()), "BAD_CHUNK"],
  ["alpha that its header does not name", joinWebp(webpHeader(0), packedAlpha, lossyPixels()), "BAD_CHUNK"],
  ["alpha without a header", joinWebp(packedAlpha, lossyPixels()), "BAD_CHUNK"],
  [
    "alpha of another size",
    joinWebp(webpHeader(alphaFlag), webpChunk("ALPH", Buffer.alloc(9)), lossyPixels()),
    "BAD_CHUNK",
  ],
  ["a profile that its header does not name", joinWebp(webpHeader(0), profile, lossyPixels()), "BAD_CHUNK"],
  ["a profile that is not there", joinWebp(webpHeader(profileFlag), lossyPixels()), "BAD_CHUNK"],
  [
    "a damaged profile",
    joinWebp(webpHeader(profileFlag), webpChunk("ICCP", Buffer.alloc(9)), lossyPixels()),
    "BAD_CHUNK",
  ],
  ["pixels without a header", joinWebp(webpChunk("VP8 ", Buffer.alloc(20))), "BAD_CHUNK"],
  ["pixels of no bytes", joinWebp(webpChunk("VP8L", Buffer.alloc(0))), "BAD_CHUNK"],
  ["padding that is not zero", Buffer.concat([joinWebp(lossyPixels()).subarray(0, -1), Buffer.from([1])]), "BAD_CHUNK"],
])("a WebP with %s is refused", async (_, bytes, code) => {
  expect(await codeOfPicture(bytes, expected)).toBe(code);
});

test("a WebP has no frame number and no other depth", async () => {
  expect(await codeOfPicture(joinWebp(lossyPixels()), { ...expected, mustHaveFrame: true })).toBe("WRONG_FRAME");
  expect(await codeOfPicture(joinWebp(lossyPixels()), { ...expected, depth: 16 })).toBe("WRONG_DEPTH");
});
