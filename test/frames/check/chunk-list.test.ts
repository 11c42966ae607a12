import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { FrameFormat } from "../../../src/frames/check/frame-expectation.ts";
import { checkFrame } from "../../support/check-frame.ts";
import { exifChunk, iccProfile, profileChunk, ramp } from "../../support/odd-chunks.ts";
import { joinPng, pngChunk, pngHeader, pngRows } from "../../support/png.ts";

const format: FrameFormat = { width: 61, height: 37, depth: 8, colorMode: "RGB" };
const header = pngHeader(format);
const frameText = pngChunk("tEXt", "Frame\x00007");
const pixels = pngChunk("IDAT", deflateSync(pngRows(format)));
const end = pngChunk("IEND");

function check(before: readonly Buffer[], after: readonly Buffer[] = []) {
  return checkFrame(joinPng(header, ...before, frameText, pixels, ...after, end), { ...format, frame: 7 });
}

/** From files that these versions wrote: Display P3 in 5.2, a stamp from strips with metadata in 4.3. */
const cicp = pngChunk("cICP", hex("0c0d0001"));
const iccp = pngChunk(
  "iCCP",
  Buffer.from(
    "RW1iZWRkZWQgUHJvZmlsZQAAGJVjYGB8kJOcW8yiwMCQm1dSFOTupBARGaXA/oiBmUGEgZOBj0E2Mbm4wDfYLYQBCIoTy4uTS4py" +
      "GFDAt2sMjCD6sm5GYl7KYXOrc+E/wk4v9L5RFb5aIJEBP+BKSS1OBtJ/gFgpuaCohIGBUQHELi8pALFdgGyR5IzEFCA7AsjWKQI6" +
      "EMhuAYmnQ9gzQOwkCHsNiF0UEuQMZB8AshXSkdhJSOzcnNJkqBtArudJzQsNBtJsQCzDUMwQwGAMDBN8apyB0ICBARRe6OFQnGZs" +
      "BNHF48TAwHrv///PqgwM7JMZGP5O+P//98L///8uYmBgvsPAcCAPob/5PgOD7f7////vRoh57Wdg2GgODKadCDENCwYGQS4GhhM7" +
      "CxKLIOHLDMRMaZkMDJ+WMzDwRjIwCF8A6okGAFyVYfw=",
    "base64",
  ),
);
const srgb = pngChunk("sRGB", hex("03"));
const gama = pngChunk("gAMA", hex("0000b18f"));
const chrm = pngChunk("cHRM", hex("00007a26000080840000fa00000080e8000075300000ea6000003a9800001770"));
const exif = pngChunk(
  "eXIf",
  hex("4d4d002a00000018000000480000000100000048000000010002011a00050000000100000008011b0005000000010000001000000000"),
);
const exifOfStrips = pngChunk(
  "eXIf",
  hex(
    "4d4d002a0000002c323032303a30313a30322030333a30343a303500000000480000000100000048000000010009013200020000001400000008" +
      "013b0002000000036d650000829800020000000263000000010e00020000000364640000013100020000000273000000010f000200000002" +
      "6d00000001100002000000026d000000011a0005000000010000001c011b0005000000010000002400000000",
  ),
);
const offs = pngChunk("oFFs", Buffer.alloc(9));
const phys = pngChunk("pHYs", hex("00000b1200000b1201"));
const time = pngChunk("tIME", hex("07e40102030405"));
const note = pngChunk("tEXt", `Note\0${"é日本".repeat(100)}`);

describe("a frame may have what Blender writes", () => {
  test.each([
    ["2.83 and 3.4", [phys, note]],
    ["4.3 to 4.5", [exif, offs, phys, note]],
    ["4.3, with a strip's own metadata", [exifOfStrips, offs, phys, time, note]],
    ["5.0, in a wide gamut", [cicp, iccp, exif, offs, phys, note]],
    ["5.2", [srgb, gama, chrm, exif, offs, phys, note]],
    ["5.2, in a wide gamut", [cicp, iccp, srgb, gama, chrm, exif, offs, phys, note]],
    ["5.2, in HDR", [pngChunk("cICP", hex("09100001")), srgb, gama, chrm, exif, offs, phys, note]],
  ])("%s", async (_, before) => {
    expect(await check(before)).toEqual({ ok: true, flat: null });
  });

  test("4.2 of blender.org, which writes Exif a second time after the pixels", async () => {
    expect(await check([exif, offs, phys, note], [exif])).toEqual({ ok: true, flat: null });
  });

  test("a Cryptomatte that names ten thousand objects, and the texts of a hundred view layers", async () => {
    const manifest = pngChunk("tEXt", `cryptomatte/542cafa/manifest\0${"x".repeat(400_000)}`);
    const layers = Array.from({ length: 1_600 }, (_, index) =>
      pngChunk("tEXt", `cycles.layer${index}.samples\0${index}`),
    );
    expect(await check([manifest, ...layers])).toEqual({ ok: true, flat: null });
  });

  test("a display's own profile of half a megabyte", async () => {
    expect(await check([profileChunk(deflateSync(iccProfile(500_000)))])).toEqual({ ok: true, flat: null });
  });
});

describe("a frame is refused, and the chunk named, with", () => {
  const bomb = deflateSync(Buffer.alloc(64 * 1024 * 1024));
  const good = deflateSync(iccProfile(596));

  test.each([
    ["a malformed iCCP of 22 bytes", [pngChunk("iCCP", `x\0\0${"junk".repeat(5)}`.slice(0, 22))]],
    ["an iCCP without a name", [pngChunk("iCCP", "a".repeat(22))]],
    ["an iCCP with too long a name", [profileChunk(good, { name: "P".repeat(80) })]],
    ["an iCCP with another compression method", [profileChunk(good, { method: 1 })]],
    ["a truncated iCCP", [profileChunk(good.subarray(0, -6))]],
    ["an iCCP with bytes after its end", [profileChunk(Buffer.concat([good, Buffer.from("more")]))]],
    ["an iCCP bomb", [profileChunk(bomb)]],
    ["an iCCP that is not a profile", [profileChunk(deflateSync(ramp(596)))]],
    ["an iCCP of another length than it says", [profileChunk(deflateSync(iccProfile(596).subarray(0, 590)))]],
    ["an iCCP whose tags lie elsewhere", [profileChunk(deflateSync(iccProfile(596, { tagSize: 10_000 })))]],
    ["an empty iCCP", [profileChunk(deflateSync(Buffer.alloc(0)))]],
    ["two iCCP", [profileChunk(good), profileChunk(good)]],
    ["a zTXt bomb", [pngChunk("zTXt", Buffer.concat([Buffer.from("k\0\0"), bomb]))]],
    ["an iTXt", [pngChunk("iTXt", "k\0\0\0\0\0v")]],
    ["an APNG's acTL", [pngChunk("acTL", hex("0000000200000000"))]],
    ["an APNG's fcTL", [pngChunk("fcTL", Buffer.alloc(26))]],
    ["an APNG's fdAT", [], [pngChunk("fdAT", Buffer.alloc(20))]],
    ["an unknown critical chunk", [pngChunk("ABCD", "xx")]],
    ["a PLTE", [pngChunk("PLTE", Buffer.alloc(6))]],
    ["a tRNS", [pngChunk("tRNS", Buffer.alloc(6))]],
    ["a sBIT", [pngChunk("sBIT", hex("050505"))]],
    ["a cICP with reserved numbers", [pngChunk("cICP", hex("000d0001"))]],
    ["a cICP with an unsupported transfer function", [pngChunk("cICP", hex("01090001"))]],
    ["a cICP with a matrix", [pngChunk("cICP", hex("010d0101"))]],
    ["a cICP after the pixels", [], [cicp]],
    ["a short gAMA", [pngChunk("gAMA", hex("000000"))]],
    ["a long sRGB", [pngChunk("sRGB", Buffer.alloc(9))]],
    ["two pHYs", [phys, phys]],
    ["three eXIf", [exif, exif, exif]],
    ["an empty eXIf", [pngChunk("eXIf", "")]],
    ["an eXIf that is not Exif", [pngChunk("eXIf", "junkjunkjunkjunk")]],
    ["a truncated eXIf", [pngChunk("eXIf", hex("4d4d002a00000008"))]],
    ["an eXIf that refers to itself", [exifChunk([[0x8769, 4, 1, 8]])]],
    ["an eXIf with a cycle of directories", [exifChunk([[0x10e, 2, 1, 0]], { next: 8 })]],
    ["an eXIf with a value beyond its end", [exifChunk([[0x10e, 2, 0x7fff_ffff, 8]])]],
    ["an eXIf with a value of unknown type", [exifChunk([[0x10e, 99, 1, 8]])]],
    ["an eXIf whose values overlap", [exifChunk(Array.from({ length: 50 }, () => [0x10e, 2, 500, 8]))]],
    ["an eXIf that rotates the picture", [exifChunk([[0x112, 3, 1, 6 << 16]])]],
    ["an eXIf beyond its limit", [pngChunk("eXIf", Buffer.concat([hex("4d4d002a00000008"), Buffer.alloc(65_536)]))]],
    ["a text without a keyword", [pngChunk("tEXt", "no keyword")]],
    ["texts after the pixels", [], [note]],
    ["texts without end", Array.from({ length: 5_000 }, (_, index) => pngChunk("tEXt", `k${index}\0v`))],
  ] as [string, Buffer[], Buffer[]?][])("%s", async (_, before, after = []) => {
    expect(await check(before, after)).toMatchObject({
      ...{ ok: false, code: "FOREIGN_CHUNK" },
      message: expect.stringContaining(`it has a chunk ${[...before, ...after].at(-1)?.toString("latin1", 4, 8)}`),
    });
  });

  test("bombs, without using much memory", async () => {
    const huge = deflateSync(Buffer.alloc(256 * 1024 * 1024));
    const before = process.memoryUsage().rss;
    expect(await check([profileChunk(huge)])).toMatchObject({ ok: false });
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  });
});

test("a frame with a second header, with anything after its end, or with a non-empty end is refused", async () => {
  expect(await check([header])).toMatchObject({ code: "BAD_CHUNK" });
  expect(await check([], [end, note])).toMatchObject({ code: "TRAILING_BYTES" });
  expect(await check([], [pngChunk("IEND", "x")])).toMatchObject({ code: "BAD_CHUNK" });
});

function hex(digits: string): Buffer {
  return Buffer.from(digits, "hex");
}
