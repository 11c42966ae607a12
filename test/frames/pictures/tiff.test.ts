import { describe, expect, test } from "vitest";
import type { PictureExpectation } from "../../../src/frames/check/pictures/picture-expectation.ts";
import { acceptedCuts, codeOfPicture } from "../../support/check-picture.ts";
import { makeTiff, type TiffOddities, type TiffTag } from "../../support/make-pictures.ts";

const expected: PictureExpectation = {
  ...{ format: "tiff", size: { width: 5, height: 10 }, depth: 8, frame: 7, mustHaveFrame: false },
};

/** Replaces the values of a tag, or adds it; `null` removes it. */
const withTag = (tag: number, values: readonly number[] | null, type = 3): TiffOddities => ({
  tags: (all) =>
    [...all.filter(([other]) => other !== tag), ...(values ? [[tag, type, values] as TiffTag] : [])].sort(
      ([one], [other]) => one - other,
    ),
});
const codeOf = (oddities: TiffOddities, other: Partial<PictureExpectation> = {}) =>
  codeOfPicture(makeTiff(oddities), { ...expected, ...other });
const compressions = [1, 5, 8, 32773];

describe("the check of TIFF accepts", () => {
  test.each(compressions)("compression %i, in both orders of bytes", async (compression) => {
    expect(await codeOf({ compression })).toBe("ok");
    expect(await codeOf({ compression, isBigEndian: true })).toBe("ok");
  });

  test("tiles, and whatever Blender writes besides", async () => {
    const tiles: TiffOddities = {
      compression: 1,
      tags: (all) => [
        ...all.filter(([tag]) => ![273, 278, 279].includes(tag)),
        [322, 3, [5]],
        [323, 3, [4]],
        ...all.filter(([tag]) => tag === 273).map(([, type, values]): TiffTag => [324, type, values]),
        [325, 4, [60, 60, 60]],
      ],
      pack: () => Buffer.alloc(60),
    };
    expect(await codeOf(tiles)).toBe("ok");
    expect(await codeOf(withTag(274, [1]))).toBe("ok");
    expect(await codeOf(withTag(339, [1, 1, 1]))).toBe("ok");
    expect(await codeOf({}, { size: null, depth: null, frame: null })).toBe("ok");
  });
});

describe("the check of TIFF refuses", () => {
  test.each(compressions)("a file of compression %i that is cut at any byte", async (compression) => {
    expect(await acceptedCuts(makeTiff({ compression }), expected)).toEqual([]);
  });

  test.each(compressions)("pixels of compression %i that are too few, too many, or damaged", async (compression) => {
    for (const length of [59, 61]) {
      const packed = makeTiff({ compression, pack: () => Buffer.alloc(length, 7) });
      expect(await codeOfPicture(packed, expected)).toBe("BAD_PIXELS");
    }
  });

  test("a changed place or length of any strip", async () => {
    for (const tag of [273, 279]) {
      for (const change of [1, -1, 2 ** 31, 4]) {
        for (let strip = 0; strip < 3; strip++) {
          const tags = (all: TiffTag[]) =>
            all.map(([other, type, values]): TiffTag => {
              const changed = values.map((value, index) => (index === strip ? (value + change) % 2 ** 32 : value));
              return other === tag && values[0] !== 0 ? [other, type, changed.map(Math.abs)] : [other, type, values];
            });
          expect(await codeOf({ tags }), `tag ${tag} + ${change}`).not.toBe("ok");
        }
      }
    }
  });

  test.each([
    ["a text", Buffer.from("not a picture at all"), "WRONG_FORMAT"],
    ["bytes after its end", Buffer.concat([makeTiff(), Buffer.alloc(1)]), "TRAILING_BYTES"],
    ["another picture", makeTiff({ next: 8 }), "BAD_CHUNK"],
    ["another size", makeTiff(withTag(256, [6])), "WRONG_SIZE"],
    ["an impossible size", makeTiff(withTag(257, [2 ** 31], 4)), "WRONG_SIZE"],
    ["no size", makeTiff(withTag(256, null)), "BAD_CHUNK"],
    ["another depth", makeTiff(withTag(258, [16, 16, 16])), "WRONG_DEPTH"],
    ["different depths", makeTiff(withTag(258, [8, 16, 8])), "BAD_CHUNK"],
    ["other samples", makeTiff(withTag(277, [4])), "BAD_CHUNK"],
    ["no compression", makeTiff(withTag(259, null)), "BAD_CHUNK"],
    ["an unknown compression", makeTiff({ compression: 7 }), "BAD_PIXELS"],
    ["a mirrored picture", makeTiff(withTag(274, [2])), "BAD_CHUNK"],
    ["planes", makeTiff(withTag(284, [2])), "BAD_CHUNK"],
    ["inverted colours", makeTiff(withTag(262, [0])), "BAD_CHUNK"],
    ["strips of other rows", makeTiff(withTag(278, [3])), "BAD_CHUNK"],
    ["strips without rows", makeTiff(withTag(278, [0])), "BAD_CHUNK"],
    ["no strips", makeTiff(withTag(273, null)), "BAD_CHUNK"],
    ["another directory", makeTiff(withTag(34665, [8], 4)), "FOREIGN_CHUNK"],
    ["tags out of order", makeTiff({ tags: (all) => [...all].reverse() }), "BAD_CHUNK"],
    ["a tag twice", makeTiff({ tags: (all) => [...all, [279, 4, [1, 1, 1]]] }), "BAD_CHUNK"],
    ["a tag of unknown type", makeTiff(withTag(270, [1], 99)), "BAD_CHUNK"],
    ["a damaged profile", makeTiff(withTag(34675, [1], 1)), "FOREIGN_CHUNK"],
  ])("%s", async (_, bytes, code) => {
    expect(await codeOfPicture(bytes, expected)).toBe(code);
  });

  test("that it has a frame number, for none has", async () => {
    expect(await codeOf({}, { mustHaveFrame: true })).toBe("WRONG_FRAME");
  });
});
