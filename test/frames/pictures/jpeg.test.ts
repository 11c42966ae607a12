import { describe, expect, test } from "vitest";
import type { PictureExpectation } from "../../../src/frames/check/pictures/picture-expectation.ts";
import { acceptedCuts, codeOfPicture } from "../../support/check-picture.ts";
import { type JpegOddities, jpegSegment, makeJpeg } from "../../support/make-pictures.ts";

const expected: PictureExpectation = {
  ...{ format: "jpeg", size: { width: 20, height: 12 }, depth: 8, frame: 7, mustHaveFrame: true },
};
const [quantizers, frame, constants, scan] = [2, 3, 4, 6];

/** Replaces a segment; `null` removes it. */
const withSegment = (index: number, segment: Buffer | null): JpegOddities => ({
  segments: (all) => all.flatMap((old, at) => (at !== index ? [old] : segment ? [segment] : [])),
});
const withMore = (...more: Buffer[]): JpegOddities => ({
  segments: (all) => [...all.slice(0, -1), ...more, ...all.slice(-1)],
});
const profile = (start: string) => {
  const data = Buffer.alloc(132);
  data.writeUInt32BE(132, 0);
  data.write("acsp", 36);
  return jpegSegment(0xe2, Buffer.concat([Buffer.from(start, "latin1"), data]));
};
const codeOf = (oddities: JpegOddities, other: Partial<PictureExpectation> = {}) =>
  codeOfPicture(makeJpeg(oddities), { ...expected, ...other });

describe("the check of JPEG accepts", () => {
  test("the form that Blender writes, with a frame number of any form", async () => {
    expect(await codeOf({})).toBe("ok");
    expect(await codeOf({ comments: ["Blender:Note:x", "Blender:Frame:007\0"] })).toBe("ok");
    expect(await codeOf({ comments: ["Blender:Frame:-07"] }, { frame: -7 })).toBe("ok");
    expect(await codeOf({ comments: [] }, { mustHaveFrame: false })).toBe("ok");
  });

  test("a colour profile, numbered as Blender and as the specification do", async () => {
    expect(await codeOf(withMore(profile("ICC_PROFILE\0\0\x01")))).toBe("ok");
    expect(await codeOf(withMore(profile("ICC_PROFILE\0\x01\x01")))).toBe("ok");
    expect(await codeOf(withMore(jpegSegment(0xe1, "NeoGeo\0\0\0Z")))).toBe("ok");
  });

  test("any size, if none is expected, with blocks that end within a byte or with it", async () => {
    for (let width = 1; width < 70; width += 8) {
      expect(await codeOf({ width, height: 5 }, { size: null })).toBe("ok");
    }
  });
});

describe("the check of JPEG refuses", () => {
  test("a file that is cut at any byte, with an end marker after it or not", async () => {
    const whole = makeJpeg();
    expect(await acceptedCuts(whole, expected)).toEqual([]);
    const end = Buffer.from([0xff, 0xd9]);
    for (let length = 0; length < whole.length - 2; length++) {
      const patched = Buffer.concat([whole.subarray(0, length), end]);
      expect(await codeOfPicture(patched, expected), `cut to ${length} bytes`).not.toBe("ok");
    }
  });

  test.each([
    ["a text", Buffer.from("not a picture at all"), "WRONG_FORMAT"],
    ["bytes after its end", makeJpeg({ end: Buffer.from([0xff, 0xd9, 0]) }), "TRAILING_BYTES"],
    ["no end", makeJpeg({ end: Buffer.alloc(0) }), "TRUNCATED"],
    ["another size", makeJpeg({ width: 21 }), "WRONG_SIZE"],
    ["no size", makeJpeg(withSegment(frame, null)), "BAD_CHUNK"],
    ["two sizes", makeJpeg(withMore(jpegSegment(0xc0, Buffer.from([8, 0, 12, 0, 20, 1, 1, 17, 0])))), "BAD_CHUNK"],
    ["another depth", makeJpeg({ bits: 12 }), "WRONG_DEPTH"],
    [
      "two components of one number",
      makeJpeg(withSegment(frame, jpegSegment(0xc0, Buffer.from([8, 0, 12, 0, 20, 3, 1, 17, 0, 1, 17, 0, 2, 17, 0])))),
      "BAD_CHUNK",
    ],
    [
      "a component of no samples",
      makeJpeg(withSegment(frame, jpegSegment(0xc0, Buffer.from([8, 0, 12, 0, 20, 1, 1, 1, 0])))),
      "BAD_CHUNK",
    ],
    [
      "a progressive form",
      makeJpeg(withSegment(frame, jpegSegment(0xc2, Buffer.from([8, 0, 12, 0, 20, 1, 1, 17, 0])))),
      "FOREIGN_CHUNK",
    ],
    ["restarts", makeJpeg(withMore(jpegSegment(0xdd, Buffer.from([0, 1])))), "FOREIGN_CHUNK"],
    ["Exif", makeJpeg(withMore(jpegSegment(0xe1, "Exif\0\0MM\0*\0\0\0\x08"))), "BAD_CHUNK"],
    ["a damaged profile", makeJpeg(withMore(jpegSegment(0xe2, "ICC_PROFILE\0\0\x01junk"))), "BAD_CHUNK"],
    ["half a profile", makeJpeg(withMore(profile("ICC_PROFILE\0\x01\x02"))), "BAD_CHUNK"],
    ["a segment without a length", makeJpeg(withMore(Buffer.from([0xff, 0xfe, 0, 1]))), "BAD_CHUNK"],
    ["bytes between segments", makeJpeg(withMore(Buffer.alloc(3))), "BAD_CHUNK"],
    ["no table of quantizers", makeJpeg(withSegment(quantizers, null)), "BAD_CHUNK"],
    ["half a table of quantizers", makeJpeg(withSegment(quantizers, jpegSegment(0xdb, Buffer.alloc(64)))), "BAD_CHUNK"],
    ["no table of codes", makeJpeg(withSegment(constants, null)), "BAD_CHUNK"],
    ["a table of codes twice", makeJpeg({ segments: (all) => [all[constants] as Buffer, ...all] }), "BAD_CHUNK"],
    [
      "more codes than bits",
      makeJpeg(withSegment(constants, jpegSegment(0xc4, Buffer.from([0, 3, ...Array(15).fill(0), 0, 1, 2])))),
      "BAD_CHUNK",
    ],
    [
      "a scan of another component",
      makeJpeg(withSegment(scan, jpegSegment(0xda, Buffer.from([1, 2, 0, 0, 63, 0])))),
      "BAD_CHUNK",
    ],
    [
      "a scan of some bits",
      makeJpeg(withSegment(scan, jpegSegment(0xda, Buffer.from([1, 1, 0, 0, 63, 1])))),
      "BAD_CHUNK",
    ],
    ["a block too few", makeJpeg({ pixels: () => Buffer.from([0]) }), "BAD_PIXELS"],
    ["a block too many", makeJpeg({ pixels: () => Buffer.alloc(3) }), "BAD_PIXELS"],
    ["an unknown code", makeJpeg({ pixels: () => Buffer.from([0b0100_0000, 0]) }), "BAD_PIXELS"],
    ["a marker within its pixels", makeJpeg({ pixels: () => Buffer.from([0, 0xff, 0xd0, 0]) }), "BAD_PIXELS"],
    ["segments without end", makeJpeg({ comments: Array(5_000).fill("x") }), "FOREIGN_CHUNK"],
    ["another frame", makeJpeg({ comments: ["Blender:Frame:8"] }), "WRONG_FRAME"],
    ["no frame", makeJpeg({ comments: [] }), "WRONG_FRAME"],
  ])("%s", async (_, bytes, code) => {
    expect(await codeOfPicture(bytes, expected)).toBe(code);
  });
});
