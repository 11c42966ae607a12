import { deflateSync } from "node:zlib";
import { uint32 } from "./make-exr.ts";

/** A segment of a JPEG. */
export function jpegSegment(type: number, data: Uint8Array | string): Buffer {
  const body = Buffer.from(data as string, "latin1");
  const head = Buffer.from([0xff, type, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([head, body]);
}

/** What is to be odd in a JPEG. */
export interface JpegOddities {
  readonly width?: number;
  readonly height?: number;
  readonly bits?: number;
  /** Instead of the comment with the frame number. */
  readonly comments?: readonly string[];
  /** Changes the segments before the pixels: JFIF, comments, quantizers, frame, two tables of codes, scan. */
  readonly segments?: (segments: Buffer[]) => readonly Buffer[];
  readonly pixels?: (pixels: Buffer) => Buffer;
  readonly end?: Buffer;
}

/** A grey JPEG of 20×12 pixels as Blender writes it, frame 7. Each of its six blocks is two zero bits: 12, then ones. */
export function makeJpeg(oddities: JpegOddities = {}): Buffer {
  const { width = 20, height = 12, bits = 8, comments = ["Blender:Frame:7"] } = oddities;
  const oneCode = [1, ...Array<number>(15).fill(0), 0]; // a single code, of one bit, for 0
  const segments = [
    jpegSegment(0xe0, "JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
    ...comments.map((comment) => jpegSegment(0xfe, comment)),
    jpegSegment(0xdb, Buffer.alloc(65, 1).fill(0, 0, 1)),
    jpegSegment(0xc0, Buffer.from([bits, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0])),
    jpegSegment(0xc4, Buffer.from([0x00, ...oneCode])),
    jpegSegment(0xc4, Buffer.from([0x10, ...oneCode])),
    jpegSegment(0xda, Buffer.from([1, 1, 0x00, 0, 63, 0])),
  ];
  const blocks = Math.ceil(width / 8) * Math.ceil(height / 8);
  const pixels = Buffer.alloc(Math.ceil(blocks / 4));
  if (blocks % 4 > 0) pixels[pixels.length - 1] = 0xff >> (2 * (blocks % 4));
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    ...(oddities.segments?.(segments) ?? segments),
    oddities.pixels?.(pixels) ?? pixels,
    oddities.end ?? Buffer.from([0xff, 0xd9]),
  ]);
}

/** A tag of a TIFF: its number, its type (3 short, 4 long), its values. */
export type TiffTag = readonly [number, number, readonly number[]];

/** What is to be odd in a TIFF. */
export interface TiffOddities {
  readonly isBigEndian?: boolean;
  /** 1 none, 5 LZW, 8 deflate, 32773 pack bits. */
  readonly compression?: number;
  readonly tags?: (tags: TiffTag[]) => readonly TiffTag[];
  readonly pack?: (pixels: Buffer) => Buffer;
  readonly next?: number;
}

const size = { width: 5, height: 10, rows: 4 };

/** A TIFF of 5×10 pixels as Blender writes it, RGB, in three strips: of 4, 4 and 2 rows. */
export function makeTiff(oddities: TiffOddities = {}): Buffer {
  const { isBigEndian = false, compression = 8, next = 0 } = oddities;
  const strips = [4, 4, 2].map((rows) => {
    const pixels = Buffer.alloc(size.width * rows * 3, 0);
    return oddities.pack?.(pixels) ?? packTiff(pixels, compression);
  });
  const tags = (starts: number[]): readonly TiffTag[] => {
    const usual: TiffTag[] = [
      [256, 3, [size.width]],
      [257, 3, [size.height]],
      [258, 3, [8, 8, 8]],
      [259, 3, [compression]],
      [262, 3, [2]],
      [273, 4, starts],
      [277, 3, [3]],
      [278, 3, [size.rows]],
      [279, 4, strips.map(({ length }) => length)],
    ];
    return oddities.tags?.(usual) ?? usual;
  };
  const number = (bytes: 2 | 4, value: number) => {
    const data = Buffer.alloc(bytes);
    if (isBigEndian) data.writeUIntBE(value, 0, bytes);
    else data.writeUIntLE(value, 0, bytes);
    return data;
  };
  const valuesOf = ([, type, values]: TiffTag) =>
    Buffer.concat(values.map((value) => number(type === 3 ? 2 : 4, value)));
  const all = tags([0, 0, 0]);
  const directoryEnd = 8 + 2 + all.length * 12 + 4;
  const far = all.map(valuesOf).filter(({ length }) => length > 4);
  let at = directoryEnd + Buffer.concat(far).length;
  const starts = strips.map(({ length }) => {
    at += length;
    return at - length;
  });
  let farAt = directoryEnd;
  const entries = tags(starts).map((tag) => {
    const values = valuesOf(tag);
    const place = values.length > 4 ? number(4, farAt) : Buffer.concat([values, Buffer.alloc(4 - values.length)]);
    if (values.length > 4) farAt += values.length;
    return Buffer.concat([number(2, tag[0]), number(2, tag[1]), number(4, tag[2].length), place]);
  });
  return Buffer.concat([
    Buffer.from(isBigEndian ? "MM\0*" : "II*\0", "latin1"),
    number(4, 8),
    number(2, entries.length),
    ...entries,
    number(4, next),
    ...tags(starts)
      .map(valuesOf)
      .filter(({ length }) => length > 4),
    ...strips,
  ]);
}

/** All bytes are zero. */
function packTiff(pixels: Buffer, compression: number): Buffer {
  if (compression === 8) return deflateSync(pixels);
  if (compression === 5) return lzwOfZeros(pixels.length);
  return compression === 32773 ? Buffer.from([257 - pixels.length, 0]) : pixels;
}

/** Clear, 0, then each time the code that this very code makes: one zero more than the one before. */
function lzwOfZeros(length: number): Buffer {
  const codes = [256, 0];
  let left = length - 1;
  for (let run = 2; run <= left; run++) {
    codes.push(256 + run);
    left -= run;
  }
  codes.push(...Array<number>(left).fill(0), 257);
  const bits = codes.map((code) => code.toString(2).padStart(9, "0")).join("");
  const bytes = bits.match(/.{1,8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte.padEnd(8, "0"), 2)));
}

/** A chunk of a WebP, padded to an even length. */
export function webpChunk(type: string, data: Uint8Array): Buffer {
  const padding = Buffer.alloc(data.length % 2);
  return Buffer.concat([Buffer.from(type, "latin1"), uint32(data.length), data, padding]);
}

export function joinWebp(...chunks: readonly Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.from("WEBP"), ...chunks]);
  return Buffer.concat([Buffer.from("RIFF"), uint32(body.length), body]);
}

/** Pixels of VP8 for the check, which looks only at their header: 20×12 unless others are asked for. */
export function lossyPixels(width = 20, height = 12): Buffer {
  const data = Buffer.alloc(31);
  data.writeUIntLE((4 << 5) | 16, 0, 3);
  data.writeUIntBE(0x9d012a, 3, 3);
  data.writeUInt16LE(width, 6);
  data.writeUInt16LE(height, 8);
  return webpChunk("VP8 ", data);
}

/** Pixels of VP8L for the check, which looks only at their header. */
export function losslessPixels(width = 20, height = 12): Buffer {
  return webpChunk(
    "VP8L",
    Buffer.concat([Buffer.from([0x2f]), uint32((width - 1) | ((height - 1) << 14)), Buffer.alloc(9)]),
  );
}

/** The header that a WebP has if there are more than pixels. */
export function webpHeader(flags: number, width = 20, height = 12): Buffer {
  const data = Buffer.alloc(10);
  data[0] = flags;
  data.writeUIntLE(width - 1, 4, 3);
  data.writeUIntLE(height - 1, 7, 3);
  return webpChunk("VP8X", data);
}
