import { buffer } from "node:stream/consumers";
import { crc32, createDeflate } from "node:zlib";
import type { FrameForm } from "../codecs.ts";

/** Colour type of PNG's header, and samples per pixel. */
const colors = { BW: [0, 1], RGB: [2, 3], RGBA: [6, 4] } as const;
const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** A valid, blank PNG of this form. */
export async function blankFrame(
  form: FrameForm & { readonly width: number; readonly height: number },
): Promise<Buffer> {
  const { width, height, depth, colorMode } = form;
  const [type, channels] = colors[colorMode];
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = depth;
  header[9] = type;
  // Row by row: a large frame unpacked has hundreds of megabytes.
  const pixels = createDeflate();
  const row = Buffer.alloc(1 + (width * channels * depth) / 8);
  const packed = buffer(pixels);
  for (let done = 0; done < height; done++) {
    await new Promise<void>((resolve) => pixels.write(row, () => resolve()));
  }
  pixels.end();
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", await packed), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const whole = Buffer.alloc(body.length + 8);
  whole.writeUInt32BE(data.length, 0);
  body.copy(whole, 4);
  whole.writeUInt32BE(crc32(body), body.length + 4);
  return whole;
}
