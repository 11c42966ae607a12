import { expect, test, vi } from "vitest";
import type { PictureFormat } from "../../src/core/pictures/picture-format.ts";
import type { PictureExpectation } from "../../src/frames/check/pictures/picture-expectation.ts";
import { faultInMemory } from "../support/check-picture.ts";
import { damaged, randomBytesOf } from "../support/fuzz/fuzz-input.ts";
import { fuzz } from "../support/fuzz/fuzz-run.ts";
import { makeExr } from "../support/make-exr.ts";
import {
  joinWebp,
  losslessPixels,
  lossyPixels,
  makeJpeg,
  makeTiff,
  webpChunk,
  webpHeader,
} from "../support/make-pictures.ts";
import { makePng } from "../support/png.ts";
import type { Dice } from "../support/simulation/simulate-dice.mjs";

vi.setConfig({ testTimeout: 120_000 });

const layers = [["L.Combined.A", 1] as const, ["L.Combined.R", 1] as const, ["L.Depth.Z", 2] as const];
const alpha = webpChunk("ALPH", Buffer.from([1, 0]));
/** Good pictures of each format, in all its forms. */
const good: Readonly<Record<PictureFormat, readonly Buffer[]>> = {
  png: [makePng({ width: 9, height: 5, depth: 8, colorMode: "RGB" }, 7)],
  exr: [
    ...[0, 1, 2, 3].map((compression) => makeExr({ compression })),
    makeExr({ tile: { width: 2, height: 16 } }),
    makeExr({ parts: ["one", "two"], compression: 1 }),
  ],
  "exr-multilayer": [makeExr({ channels: layers }), makeExr({ channels: layers, parts: ["one", "two"] })],
  jpeg: [makeJpeg(), makeJpeg({ width: 64, height: 64 })],
  tiff: [1, 5, 8, 32773].flatMap((compression) => [
    makeTiff({ compression }),
    makeTiff({ compression, isBigEndian: true }),
  ]),
  webp: [joinWebp(lossyPixels()), joinWebp(losslessPixels()), joinWebp(webpHeader(0x10), alpha, lossyPixels())],
};
/** Headers of packed pixels that the other makers cannot write: half of the bytes of a chunk, with random ones. */
const otherCompressions = [4, 5, 6, 7, 8, 9, 10, 11];

function oddPixels(dice: Dice): Buffer {
  const bytes = randomBytesOf(dice, 150);
  const sizes = Buffer.alloc(Math.min(bytes.length, 90), 0);
  sizes[0] = 2;
  const head = dice.pick([Buffer.alloc(0), sizes, Buffer.from("HT\0\0\0\0"), Buffer.from([4, 0, 9, 0])]);
  return Buffer.concat([head, bytes.subarray(head.length)]).subarray(0, 150);
}

test.each(Object.keys(good) as PictureFormat[])(
  "%s: each picture gets a verdict, and whole ones are good",
  async (format) => {
    const expected: PictureExpectation = { format, size: null, depth: null, frame: 7, mustHaveFrame: false };
    let taken = 0;
    await fuzz(`pictures ${format}`, 6_000, async (dice) => {
      const whole = dice.pick(good[format]);
      const bytes = dice.pick([damaged(dice, whole), damaged(dice, whole), whole, randomBytesOf(dice, 60)]);
      const fault = await faultInMemory(bytes, expected);
      if (bytes === whole) expect(fault).toBeNull();
      if (fault === null) taken++;
      else expect(fault.code).toMatch(/^[A-Z_]+$/);
      if (bytes.length < whole.length && whole.subarray(0, bytes.length).equals(bytes)) expect(fault).not.toBeNull();
    });
    expect(taken).toBeGreaterThan(100);
  },
);

test("exr: pixels of any compression get a verdict", async () => {
  const expected: PictureExpectation = { format: "exr", size: null, depth: null, frame: 7, mustHaveFrame: false };
  await fuzz("pixels of exr", 6_000, async (dice) => {
    const compression = dice.pick(otherCompressions);
    const channels = dice.pick([
      [["R", 1]],
      [["R", 2]],
      [
        ["B", 1],
        ["Z", 2],
      ],
    ] as [string, number][][]);
    const bytes = makeExr({
      compression,
      channels,
      height: dice.between(1, 16),
      width: 9,
      pack: () => oddPixels(dice),
    });
    const fault = await faultInMemory(bytes, expected);
    if (fault !== null) expect(fault.code).toMatch(/^BAD_(PIXELS|CHUNK)$/);
  });
});
