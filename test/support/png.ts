import { crc32, deflateSync } from "node:zlib";
import type { FrameFormat } from "../../src/frames/check/frame-expectation.ts";

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const colors = { BW: [0, 1], RGB: [2, 3], RGBA: [6, 4] } as const;

/** One chunk with a correct length and checksum. */
export function pngChunk(type: string, data: Uint8Array | string = ""): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), Buffer.from(data as string)]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(body.length - 4, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}

export function pngHeader({ width, height, depth, colorMode }: FrameFormat): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  data[8] = depth;
  data[9] = colors[colorMode][0];
  return pngChunk("IHDR", data);
}

/** Uncompressed rows with filter 0 and pixels noisy enough to tell frames apart. */
export function pngRows({ width, height, depth, colorMode }: FrameFormat, frame = 0): Buffer {
  const rowBytes = 1 + (width * colors[colorMode][1] * depth) / 8;
  const rows = Buffer.alloc(rowBytes * height);
  for (let row = 0; row < height; row++) {
    for (let at = 1; at < rowBytes; at++) rows[row * rowBytes + at] = (at * 3 + row * 5 + frame * 11) & 255;
  }
  return rows;
}

/** A frame of one colour: all bytes of all pixels are zero. */
export function makeBlankPng(format: FrameFormat, frame: number): Buffer {
  const rows = Buffer.alloc(pngRows(format).length);
  return joinPng(
    pngHeader(format),
    pngChunk("tEXt", `Frame\0${frame}`),
    pngChunk("IDAT", deflateSync(rows)),
    pngChunk("IEND"),
  );
}

/** A frame as Blender writes it, in everything that the check looks at: with the tEXt chunk `Frame`. */
export function makePng(format: FrameFormat, frame: number): Buffer {
  return joinPng(
    pngHeader(format),
    pngChunk("tEXt", `Frame\0${frame < 0 ? "-" : ""}${String(Math.abs(frame)).padStart(3, "0")}`),
    pngChunk("IDAT", deflateSync(pngRows(format, frame))),
    pngChunk("IEND"),
  );
}

export function joinPng(...chunks: readonly Uint8Array[]): Buffer {
  return Buffer.concat([signature, ...chunks]);
}
