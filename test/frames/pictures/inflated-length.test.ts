import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { faultOfZlib } from "../../../src/frames/check/pictures/inflated-length.ts";

async function* pieces(data: Buffer, bytes: number) {
  for (let at = 0; at < data.length; at += bytes) yield data.subarray(at, at + bytes);
}

const faultOf = (packed: Buffer, rawBytes: number, piece = 10_000) =>
  faultOfZlib({ pieces: pieces(packed, piece), packedBytes: packed.length, rawBytes });

/** Some are decompressed at once, others in pieces. */
const lengths = [0, 1, 64, 5_000, 131_071, 131_072, 131_073, 700_000];

test("zlib data of exactly the right length are good, in pieces of any size", async () => {
  for (const length of lengths) {
    const raw = Buffer.from(Uint8Array.from({ length }, (_, at) => (at * at) >> 5));
    for (const level of [0, 6]) {
      const packed = deflateSync(raw, { level });
      expect(await faultOf(packed, length), `${length} bytes`).toBeNull();
      expect(await faultOf(packed, length, 300), `${length} bytes`).toBeNull();
    }
  }
});

test("other lengths, more after the end, a missing end and a wrong checksum are not", async () => {
  for (const length of lengths) {
    const packed = deflateSync(Buffer.alloc(length, 5));
    expect(await faultOf(packed, length + 1)).toMatch(/^only \d+ of/);
    if (length > 0) expect(await faultOf(packed, length - 1)).not.toBeNull();
    expect(await faultOf(Buffer.concat([packed, Buffer.alloc(1)]), length)).toBe("bytes follow their end");
    expect(await faultOf(packed.subarray(0, -1), length)).toMatch(/^they cannot be decompressed/);
    const changed = Buffer.from(packed);
    changed[packed.length - 1] = (changed[packed.length - 1] ?? 0) ^ 1;
    expect(await faultOf(changed, length)).toMatch(/^they cannot be decompressed/);
  }
});

test("any bytes get a verdict", async () => {
  const data = fc.record({
    junk: fc.uint8Array({ maxLength: 300 }),
    raw: fc.constantFrom(...lengths),
    piece: fc.integer({ min: 1, max: 400 }),
  });
  await fc.assert(
    fc.asyncProperty(data, async ({ junk, raw, piece }) => {
      const fault = await faultOf(Buffer.from(junk), raw, piece);
      expect(fault === null || fault.length > 0).toBe(true);
    }),
  );
});
