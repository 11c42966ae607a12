import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { checkFrameFile } from "../../../src/frames/check/frame-check.ts";
import type { FrameFormat } from "../../../src/frames/check/frame-expectation.ts";
import { checkFrame } from "../../support/check-frame.ts";
import { exifChunk } from "../../support/odd-chunks.ts";
import { joinPng, makePng, pngChunk, pngHeader, pngRows } from "../../support/png.ts";

const format: FrameFormat = { width: 61, height: 37, depth: 8, colorMode: "RGB" };
const expected = { ...format, frame: 7 };
const good = makePng(format, 7);
const header = pngHeader(format);
const text = pngChunk("tEXt", "Frame\x00007");
const pixels = deflateSync(pngRows(format));
const end = pngChunk("IEND");

async function codeOf(png: Uint8Array): Promise<string> {
  const verdict = await checkFrame(png, expected);
  return verdict.ok ? "ok" : verdict.code;
}

describe("the frame check accepts", () => {
  test.each([
    { depth: 8, colorMode: "RGB" },
    { depth: 16, colorMode: "RGB" },
    { depth: 8, colorMode: "RGBA" },
    { depth: 16, colorMode: "RGBA" },
    { depth: 8, colorMode: "BW" },
    { depth: 16, colorMode: "BW" },
  ] as const)("$colorMode with $depth bits", async (kind) => {
    const wanted = { width: 61, height: 37, ...kind, frame: -7 };
    expect(await checkFrame(makePng(wanted, -7), wanted)).toEqual({ ok: true, flat: null });
  });

  test("pixels in many chunks, and a long text", async () => {
    const parts = [pixels.subarray(0, 5), pixels.subarray(5, 6), new Uint8Array(), pixels.subarray(6)];
    const texts = [pngChunk("tEXt", `Note\0${"x".repeat(600_000)}`), text];
    expect(await codeOf(joinPng(header, ...texts, ...parts.map((part) => pngChunk("IDAT", part)), end))).toBe("ok");
  });

  test("a frame number without padding", async () => {
    const png = joinPng(header, pngChunk("tEXt", "Frame\x007"), pngChunk("IDAT", pixels), end);
    expect(await codeOf(png)).toBe("ok");
  });
});

describe("the frame check refuses", () => {
  test("a file cut at any byte", async () => {
    for (let length = 0; length < good.length; length++) {
      expect(await codeOf(good.subarray(0, length)), `cut to ${length} bytes`).not.toBe("ok");
    }
  });

  test("a flipped bit in any byte", async () => {
    for (let at = 0; at < good.length; at++) {
      const flipped = Buffer.from(good);
      flipped[at] = (flipped[at] ?? 0) ^ 0x10;
      expect(await codeOf(flipped), `byte ${at}`).not.toBe("ok");
    }
  });

  test.each([
    ["nothing", Buffer.alloc(0), "NOT_A_PNG"],
    ["a text", Buffer.from("not a picture at all"), "NOT_A_PNG"],
    ["a PNG without IEND", good.subarray(0, good.length - 12), "TRUNCATED"],
    ["bytes after IEND", Buffer.concat([good, Buffer.from([0])]), "TRAILING_BYTES"],
    ["a huge length", joinPng(Buffer.from([0x7f, 0xff, 0xff, 0xff, 0x49, 0x48, 0x44, 0x52])), "TRUNCATED"],
    ["an impossible length", joinPng(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x49, 0x48, 0x44, 0x52])), "BAD_CHUNK"],
    ["no header", joinPng(text, pngChunk("IDAT", pixels), end), "BAD_CHUNK"],
    ["two headers", joinPng(header, header, text, pngChunk("IDAT", pixels), end), "BAD_CHUNK"],
    ["no pixels", joinPng(header, text, end), "BAD_PIXELS"],
    ["interrupted pixels", interrupted(), "BAD_CHUNK"],
    ["truncated pixels", joinPng(header, text, pngChunk("IDAT", pixels.subarray(0, -9)), end), "BAD_PIXELS"],
    ["pixels that are not zlib data", joinPng(header, text, pngChunk("IDAT", "abcdefghij"), end), "BAD_PIXELS"],
    ["one row too few", withPixels(pngRows({ ...format, height: 36 })), "BAD_PIXELS"],
    ["one row too many", withPixels(pngRows({ ...format, height: 38 })), "BAD_PIXELS"],
    ["an unknown filter", withPixels(pngRows(format).fill(5, 184 * 3, 184 * 3 + 1)), "BAD_PIXELS"],
    [
      "bytes after the pixels",
      joinPng(header, text, pngChunk("IDAT", Buffer.concat([pixels, Buffer.from("more")])), end),
      "BAD_PIXELS",
    ],
    ["another width", makePng({ ...format, width: 62 }, 7), "WRONG_SIZE"],
    ["another height", makePng({ ...format, height: 36 }, 7), "WRONG_SIZE"],
    ["another depth", makePng({ ...format, depth: 16 }, 7), "WRONG_DEPTH"],
    ["another colour mode", makePng({ ...format, colorMode: "RGBA" }, 7), "WRONG_COLOR"],
    ["another frame", makePng(format, 8), "WRONG_FRAME"],
    ["the negative of the frame", makePng(format, -7), "WRONG_FRAME"],
    ["two frame numbers", joinPng(header, text, pngChunk("tEXt", "Frame\x00008"), end), "WRONG_FRAME"],
    ["no frame number", joinPng(header, pngChunk("IDAT", pixels), end), "WRONG_FRAME"],
  ])("%s", async (_, png, code) => {
    expect(await codeOf(png)).toBe(code);
  });

  test("a decompression bomb, before it unpacks: 1 GB of pixels in 1 MB", async () => {
    const bomb = deflateSync(Buffer.alloc(64 * 1024 * 1024));
    const png = joinPng(header, text, ...Array.from({ length: 16 }, () => pngChunk("IDAT", bomb)), end);
    const before = process.memoryUsage().rss;
    expect(await codeOf(png)).toBe("BAD_PIXELS");
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  });
});

test("checkFrameFile() checks a file larger than one piece, and stops when aborted", async () => {
  const folder = await mkdtemp(join(tmpdir(), "renderfarm-check-"));
  const large = { width: 1200, height: 500, depth: 16, colorMode: "RGBA", frame: 3 } as const;
  const path = join(folder, "large.png");
  await writeFile(
    path,
    joinPng(
      pngHeader(large),
      pngChunk("tEXt", "Frame\x003"),
      pngChunk("IDAT", deflateSync(pngRows(large), { level: 0 })),
      end,
    ),
  );

  expect(await checkFrameFile(path, large)).toEqual({ ok: true, flat: null });
  await expect(checkFrameFile(path, large, AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
  await rm(folder, { recursive: true });
});

function withPixels(rows: Uint8Array): Buffer {
  return joinPng(header, text, pngChunk("IDAT", deflateSync(rows)), end);
}

function interrupted(): Buffer {
  const [first, second] = [pixels.subarray(0, 20), pixels.subarray(20)];
  return joinPng(header, text, pngChunk("IDAT", first), exifChunk([]), pngChunk("IDAT", second), end);
}
