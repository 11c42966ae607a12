import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { PictureExpectation } from "../../../src/frames/check/pictures/picture-expectation.ts";
import { acceptedCuts, checkPicture, codeOfPicture } from "../../support/check-picture.ts";
import { exrChannels } from "../../support/exr.ts";
import { type ExrAttribute, type ExrOddities, makeExr, uint32 } from "../../support/make-exr.ts";

const expected: PictureExpectation = {
  ...{ format: "exr", size: { width: 5, height: 20 }, depth: 16, frame: 7, mustHaveFrame: true },
};
const layers: PictureExpectation = { ...expected, format: "exr-multilayer" };
const passes: ExrOddities = {
  channels: [
    ["L.Combined.R", 1],
    ["L.Combined.X", 1],
    ["L.Depth.Z", 2],
  ],
};
const tile = { width: 2, height: 16 };

const codeOf = (oddities: ExrOddities, other: Partial<PictureExpectation> = {}) =>
  codeOfPicture(makeExr(oddities), { ...expected, ...other });

/** Replaces the value of an attribute; `null` removes it. */
const withValue = (name: string, value: Buffer | null): ExrOddities => ({
  attributes: (all) =>
    all.flatMap(([key, type, old]): ExrAttribute[] =>
      key !== name ? [[key, type, old]] : value ? [[key, type, value]] : [],
    ),
});
const withMore = (...more: ExrAttribute[]): ExrOddities => ({ attributes: (all) => [...all, ...more] });
const inChunk = (at: number, value: number): ExrOddities => ({
  chunks: ([first = Buffer.alloc(0), ...others]) => {
    const odd = Buffer.from(first);
    odd.writeUInt32LE(value, at);
    return [odd, ...others];
  },
});

describe("the check of EXR accepts", () => {
  test.each([0, 1, 2, 3])("compression %i", async (compression) => {
    expect(await codeOf({ compression })).toBe("ok");
    expect(await codeOf({ compression, tile })).toBe("ok");
    expect(await codeOf({ compression, parts: ["one", "two"] })).toBe("ok");
    expect(await codeOf({ compression, tile, parts: ["one", "two"] })).toBe("ok");
  });

  test("chunks and parts in any order, if the table says so", async () => {
    // Chunks of equal length: the second comes first.
    const swapped: ExrOddities = {
      offsets: ([first = 0, second = 0, ...others]) => [second, first, ...others],
      chunks: ([first = Buffer.alloc(0), second = Buffer.alloc(0), ...others]) => [second, first, ...others],
    };
    expect(await codeOf({ ...swapped, compression: 0 })).toBe("ok");
    expect(await codeOf({ ...swapped, compression: 0, parts: ["one", "two"] })).toBe("ok");
  });

  test("layers: colours of the expected depth, data as float, a frame number in the first part only", async () => {
    expect(await codeOfPicture(makeExr(passes), layers)).toBe("ok");
    expect(await codeOfPicture(makeExr({ ...passes, parts: ["a", "b"] }), layers)).toBe("ok");
    expect(await codeOfPicture(makeExr(passes), { ...layers, depth: 32 })).toBe("WRONG_DEPTH");
    const plain = makeExr(withMore(["BlenderMultiChannel", "string", Buffer.from("yes")]));
    expect(await codeOfPicture(plain, layers)).toBe("ok");
  });

  test("any size, depth and frame, if none is expected, and a file without a frame", async () => {
    const anything = { size: null, depth: null, frame: null, mustHaveFrame: false } as const;
    expect(await codeOf({ width: 3, height: 1, frame: "99" }, anything)).toBe("ok");
    expect(await codeOf({ frame: null }, { mustHaveFrame: false })).toBe("ok");
    expect(await codeOf({ frame: "-007" }, { frame: -7 })).toBe("ok");
  });

  test("long names with the flag for them, lists of names, and long texts", async () => {
    const name = "x".repeat(200);
    expect(await codeOf({ ...withMore([name, "string", Buffer.alloc(0)]), flags: 0x400 })).toBe("ok");
    expect(await codeOf(withMore(["multiView", "stringvector", Buffer.concat([uint32(4), Buffer.from("left")])]))).toBe(
      "ok",
    );
    expect(await codeOf(withMore(["manifest", "string", Buffer.alloc(3_000_000, "x")]))).toBe("ok");
  });
});

describe("the check of EXR refuses", () => {
  test.each([
    ["one part", {}],
    ["tiles", { tile }],
    ["parts", { parts: ["one", "two"], compression: 1 }],
    ["data that is not compressed", { compression: 0 }],
  ] as [string, ExrOddities][])("a file of %s that is cut at any byte", async (_, oddities) => {
    expect(await acceptedCuts(makeExr({ ...oddities, height: 17 }), { ...expected, size: null })).toEqual([]);
  });

  test("a changed offset of any chunk, and a chunk that is missing or twice", async () => {
    for (const compression of [0, 3]) {
      for (let chunk = 0; chunk < (compression === 0 ? 20 : 2); chunk++) {
        for (const change of [0, 1, 2 ** 40, -1]) {
          const offsets = (all: number[]) =>
            all.map((offset, index) => (index !== chunk ? offset : change === 0 ? 0 : Math.abs(offset + change)));
          expect(await codeOf({ compression, offsets })).toBe("BAD_CHUNK");
        }
      }
    }
    expect(await codeOf({ compression: 0, offsets: (all) => all.map(() => all[0] ?? 0) })).toBe("BAD_CHUNK");
    expect(await codeOf({ chunks: (all) => all.slice(1) })).toBe("BAD_CHUNK");
    expect(await codeOf({ chunks: (all) => all.slice(0, 1) })).toBe("TRUNCATED");
    expect(await codeOf({ chunks: (all) => [...all, ...all] })).toBe("TRAILING_BYTES");
    expect(await codeOf({ chunks: ([first = Buffer.alloc(0)]) => [first, first] })).toBe("BAD_CHUNK");
  });

  test.each([
    ["nothing", Buffer.alloc(0), "TRUNCATED"],
    ["a text", Buffer.from("not a picture at all"), "WRONG_FORMAT"],
    ["another version", makeExr({ flags: 1 }), "BAD_CHUNK"],
    ["deep pixels", makeExr({ flags: 0x800 }), "BAD_CHUNK"],
    ["an unknown flag", makeExr({ flags: 0x8000 }), "BAD_CHUNK"],
    ["bytes after its end", Buffer.concat([makeExr(), Buffer.alloc(1)]), "TRAILING_BYTES"],
    ["another width", makeExr({ width: 6 }), "WRONG_SIZE"],
    ["another height", makeExr({ height: 21 }), "WRONG_SIZE"],
    ["an impossible size", makeExr(withValue("dataWindow", uint32(0, 0, 2 ** 31 - 1, 19))), "WRONG_SIZE"],
    ["a size below zero", makeExr(withValue("dataWindow", uint32(5, 0, 0, 19))), "WRONG_SIZE"],
    ["only a part of its picture", makeExr(withValue("displayWindow", uint32(0, 0, 9, 19))), "BAD_CHUNK"],
    ["float instead of half", makeExr({ channels: [["R", 2]] }), "WRONG_DEPTH"],
    ["integers", makeExr({ channels: [["R", 0]] }), "BAD_CHUNK"],
    [
      "channels out of order",
      makeExr({
        channels: [
          ["R", 1],
          ["G", 1],
        ],
      }),
      "BAD_CHUNK",
    ],
    [
      "a channel twice",
      makeExr({
        channels: [
          ["R", 1],
          ["R", 1],
        ],
      }),
      "BAD_CHUNK",
    ],
    ["no channels", makeExr({ channels: [] }), "BAD_CHUNK"],
    ["a list of channels without end", makeExr(withValue("channels", Buffer.from("R"))), "BAD_CHUNK"],
    ["an unknown compression", makeExr(withValue("compression", Buffer.from([99]))), "BAD_CHUNK"],
    ["an unknown order of lines", makeExr(withValue("lineOrder", Buffer.from([3]))), "BAD_CHUNK"],
    ["no compression", makeExr(withValue("compression", null)), "BAD_CHUNK"],
    ["no window", makeExr(withValue("dataWindow", null)), "BAD_CHUNK"],
    ["no aspect", makeExr(withValue("pixelAspectRatio", null)), "BAD_CHUNK"],
    ["an attribute twice", makeExr(withMore(["Frame", "string", Buffer.from("7")])), "BAD_CHUNK"],
    ["an attribute of unknown type", makeExr(withMore(["odd", "preview", Buffer.alloc(8)])), "FOREIGN_CHUNK"],
    ["an attribute of the wrong size", makeExr(withMore(["odd", "v2f", Buffer.alloc(7)])), "BAD_CHUNK"],
    ["a name of another type", makeExr(withMore(["name", "float", Buffer.alloc(4)])), "BAD_CHUNK"],
    ["a damaged list of names", makeExr(withMore(["odd", "stringvector", uint32(9)])), "BAD_CHUNK"],
    ["a name that is too long", makeExr(withMore(["x".repeat(32), "string", Buffer.alloc(0)])), "BAD_CHUNK"],
    [
      "smaller copies",
      makeExr({ tile, ...withValue("tiles", Buffer.from([2, 0, 0, 0, 16, 0, 0, 0, 1])) }),
      "BAD_CHUNK",
    ],
    ["tiles without pixels", makeExr({ tile, ...withValue("tiles", Buffer.alloc(9)) }), "BAD_CHUNK"],
    ["no size of tiles", makeExr({ tile, ...withValue("tiles", null) }), "BAD_CHUNK"],
    ["parts of one name", makeExr({ parts: ["one", "one"] }), "BAD_CHUNK"],
    ["parts without a type", makeExr({ parts: ["one"], ...withValue("type", null) }), "BAD_CHUNK"],
    [
      "parts with another number of chunks",
      makeExr({ parts: ["one"], ...withValue("chunkCount", uint32(9)) }),
      "BAD_CHUNK",
    ],
    ["a part that is not there", makeExr({ parts: ["one"], ...inChunk(0, 1) }), "BAD_CHUNK"],
    ["a row outside", makeExr(inChunk(0, 32)), "BAD_CHUNK"],
    ["a row within a chunk", makeExr(inChunk(0, 1)), "BAD_CHUNK"],
    ["a tile outside", makeExr({ tile, ...inChunk(0, 3) }), "BAD_CHUNK"],
    ["a tile of a smaller copy", makeExr({ tile, ...inChunk(8, 1) }), "BAD_CHUNK"],
    ["a chunk beyond its end", makeExr(inChunk(4, 0xffff_ffff)), "TRUNCATED"],
    ["a row too few", makeExr({ pixels: (all) => all.subarray(30) }), "BAD_PIXELS"],
    ["a row too many", makeExr({ pixels: (all) => Buffer.concat([all, all.subarray(30)]) }), "BAD_PIXELS"],
    ["runs too short", makeExr({ compression: 1, pixels: (all) => all.subarray(1) }), "BAD_PIXELS"],
    ["runs without an end", makeExr({ compression: 1, pack: () => Buffer.from([29]) }), "BAD_PIXELS"],
    ["fewer bytes than pixels", makeExr({ compression: 0, pixels: (all) => all.subarray(1) }), "BAD_PIXELS"],
    ["pixels that are no zlib data", makeExr({ pack: () => Buffer.alloc(10) }), "BAD_PIXELS"],
    [
      "pixels with more after them",
      makeExr({ pack: (all) => Buffer.concat([deflateSync(all), Buffer.alloc(2)]) }),
      "BAD_PIXELS",
    ],
    ["layers", makeExr(passes), "WRONG_FORMAT"],
    ["another frame", makeExr({ frame: "8" }), "WRONG_FRAME"],
    ["a frame that is no number", makeExr({ frame: "7e0" }), "WRONG_FRAME"],
    ["a frame of many digits", makeExr({ frame: "7".repeat(5_000) }), "WRONG_FRAME"],
    ["no frame", makeExr({ frame: null }), "WRONG_FRAME"],
  ])("%s", async (_, bytes, code) => {
    expect(await codeOfPicture(bytes, expected)).toBe(code);
  });

  test("no layers where there should be some", async () => {
    expect(await codeOfPicture(makeExr(), layers)).toBe("WRONG_FORMAT");
  });

  test("numbers that ask for much memory, at once", async () => {
    const before = process.memoryUsage().rss;
    const tall = uint32(0, 0, 0, 131_071);
    const odd = [
      makeExr({ ...withValue("dataWindow", tall), compression: 0 }),
      makeExr({ parts: Array.from({ length: 2_000 }, (_, index) => `${index}`), ...withValue("dataWindow", tall) }),
      makeExr(withMore(["odd", "stringvector", Buffer.alloc(2_000_000)])),
      makeExr({
        attributes: () => Array.from({ length: 20_000 }, (_, index) => [`${index}`, "string", Buffer.alloc(0)]),
      }),
      makeExr({ channels: Array.from({ length: 70_000 }, (_, index) => [`c${index + 100_000}`, 1]), height: 1 }),
    ];
    for (const bytes of odd)
      expect(await checkPicture(bytes, { ...expected, size: null })).toMatchObject({ ok: false });
    expect(process.memoryUsage().rss - before).toBeLessThan(128 * 1024 * 1024);
  });

  test("a decompression bomb, before it unpacks", async () => {
    const bomb = deflateSync(Buffer.alloc(256 * 1024 * 1024));
    const big = { width: 60_000, height: 16, channels: [["R", 2]], pack: () => bomb } as const;
    const before = process.memoryUsage().rss;
    expect(await codeOf(big, { size: null, depth: null })).toBe("BAD_PIXELS");
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  });
});

test("the reader of the tests reads all samples", () => {
  for (const oddities of [{}, { compression: 0 }, { compression: 1 }, { parts: ["one"] }]) {
    const read = exrChannels(
      makeExr({
        ...oddities,
        channels: [
          ["A", 1],
          ["B", 2],
        ],
      }),
    );
    expect([...read.keys()]).toEqual(["A", "B"]);
    // All bytes are 1.
    expect(read.get("A")).toEqual({ type: "half", samples: Array(100).fill(0x101 * 2 ** -24) });
    expect(read.get("B")).toEqual({ type: "float", samples: Array(100).fill(Buffer.alloc(4, 1).readFloatLE()) });
  }
});
