import { deflateSync } from "node:zlib";

/** An attribute of a header: name, type, value. */
export type ExrAttribute = readonly [string, string, Buffer];

/** What is to be odd in an EXR. */
export interface ExrOddities {
  readonly width?: number;
  readonly height?: number;
  /** 0 none, 1 RLE, 2 ZIPS, 3 ZIP. */
  readonly compression?: number;
  /** By name, 1 for half and 2 for float. */
  readonly channels?: readonly (readonly [string, number])[];
  /** `null`: it does not say which. */
  readonly frame?: string | null;
  readonly tile?: { readonly width: number; readonly height: number };
  /** Names of the parts of a multipart file. */
  readonly parts?: readonly string[];
  readonly flags?: number;
  readonly attributes?: (attributes: ExrAttribute[]) => readonly ExrAttribute[];
  /** Changes the unpacked pixels of each chunk. */
  readonly pixels?: (pixels: Buffer) => Buffer;
  readonly pack?: (pixels: Buffer) => Buffer;
  /** Changes chunks after the table was made for them. */
  readonly chunks?: (chunks: Buffer[]) => readonly Buffer[];
  readonly offsets?: (offsets: number[]) => readonly number[];
}

/** By compression; those after ZIP need `pack`. */
const rowsPerChunk = [1, 1, 1, 16, 32, 16, 32, 32, 32, 256, 256, 32];

/** A small EXR as Blender writes it: 5×20 pixels, frame 7, ZIP, half, unless it is to be odd. */
export function makeExr(oddities: ExrOddities = {}): Buffer {
  const { parts = [], tile, flags = 0 } = oddities;
  const isMultipart = parts.length > 0;
  const version = 2 | (isMultipart ? 0x1000 : 0) | (tile && !isMultipart ? 0x200 : 0) | flags;
  const headers = (isMultipart ? parts : [null]).map((name, part) => headerOf(oddities, name, part === 0));
  const start = [Buffer.from([0x76, 0x2f, 0x31, 0x01]), uint32(version), ...headers, Buffer.alloc(isMultipart ? 1 : 0)];
  const chunks = headers.flatMap((_, part) => chunksOf(oddities, isMultipart ? [uint32(part)] : []));
  let at = Buffer.concat(start).length + chunks.length * 8;
  const offsets = chunks.map((chunk) => {
    at += chunk.length;
    return at - chunk.length;
  });
  const table = (oddities.offsets?.(offsets) ?? offsets).map((offset) => {
    const entry = Buffer.alloc(8);
    entry.writeBigUInt64LE(BigInt(offset));
    return entry;
  });
  return Buffer.concat([...start, ...table, ...(oddities.chunks?.(chunks) ?? chunks)]);
}

export function uint32(...values: number[]): Buffer {
  const data = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) data.writeUInt32LE(value >>> 0, index * 4);
  return data;
}

function headerOf(oddities: ExrOddities, name: string | null, isFirst: boolean): Buffer {
  const { width = 5, height = 20, compression = 3, frame = "7", tile } = oddities;
  const window = uint32(0, 0, width - 1, height - 1);
  const attributes: ExrAttribute[] = [
    ["channels", "chlist", Buffer.concat([...channelsOf(oddities).map(channel), Buffer.alloc(1)])],
    ["compression", "compression", Buffer.from([compression])],
    ["dataWindow", "box2i", window],
    ["displayWindow", "box2i", window],
    ["lineOrder", "lineOrder", Buffer.alloc(1)],
    ["pixelAspectRatio", "float", Buffer.from([0, 0, 0x80, 0x3f])],
    ["screenWindowCenter", "v2f", Buffer.alloc(8)],
    ["screenWindowWidth", "float", Buffer.from([0, 0, 0x80, 0x3f])],
  ];
  if (frame !== null && isFirst) attributes.unshift(["Frame", "string", Buffer.from(frame)]);
  if (tile) attributes.push(["tiles", "tiledesc", Buffer.concat([uint32(tile.width, tile.height), Buffer.alloc(1)])]);
  if (name !== null) {
    attributes.push(["name", "string", Buffer.from(name)]);
    attributes.push(["type", "string", Buffer.from(tile ? "tiledimage" : "scanlineimage")]);
    attributes.push(["chunkCount", "int", uint32(places(oddities).length)]);
  }
  const all = (oddities.attributes?.(attributes) ?? attributes).map(([key, type, value]) =>
    Buffer.concat([Buffer.from(`${key}\0${type}\0`), uint32(value.length), value]),
  );
  return Buffer.concat([...all, Buffer.alloc(1)]);
}

function channelsOf({
  channels = [
    ["B", 1],
    ["G", 1],
    ["R", 1],
  ],
}: ExrOddities) {
  return channels;
}

function channel([name, type]: readonly [string, number]): Buffer {
  return Buffer.concat([Buffer.from(`${name}\0`), uint32(type, 0, 1, 1)]);
}

/** Where each chunk belongs, and how many pixels it has. */
function places({ width = 5, height = 20, compression = 3, tile }: ExrOddities): (readonly [Buffer, number])[] {
  const rows = tile?.height ?? rowsPerChunk[compression] ?? 1;
  const columns = tile?.width ?? width;
  const found: [Buffer, number][] = [];
  for (let top = 0; top < height; top += rows) {
    for (let left = 0; left < width; left += columns) {
      const place = tile ? uint32(left / columns, top / rows, 0, 0) : uint32(top);
      found.push([place, Math.min(rows, height - top) * Math.min(columns, width - left)]);
    }
  }
  return found;
}

function chunksOf(oddities: ExrOddities, start: Buffer[]): Buffer[] {
  const pixelBytes = channelsOf(oddities).reduce((sum, [, type]) => sum + 2 * type, 0);
  return places(oddities).map(([place, pixels]) => {
    const raw = Buffer.alloc(pixels * pixelBytes, 1);
    const odd = oddities.pixels?.(raw) ?? raw;
    const packed = oddities.pack?.(odd) ?? pack(odd, oddities.compression ?? 3);
    return Buffer.concat([...start, place, uint32(packed.length), packed]);
  });
}

function pack(pixels: Buffer, compression: number): Buffer {
  if (compression === 0) return pixels;
  const packed = compression === 1 ? packRuns(mixed(pixels)) : deflateSync(mixed(pixels));
  return packed.length < pixels.length ? packed : pixels;
}

/** All even bytes before all odd ones, and then each as the difference from the one before it. */
function mixed(pixels: Buffer): Buffer {
  const split = [...pixels.filter((_, at) => at % 2 === 0), ...pixels.filter((_, at) => at % 2 === 1)];
  return Buffer.from(split.map((byte, at) => (at === 0 ? byte : byte - (split[at - 1] ?? 0) + 128)));
}

/** One byte as it is, then runs of the next one, for all others are equal. */
function packRuns(pixels: Buffer): Buffer {
  const runs = [255, pixels[0] ?? 0];
  for (let left = pixels.length - 1; left > 0; left -= 128) runs.push(Math.min(left, 128) - 1, pixels[1] ?? 0);
  return Buffer.from(runs);
}
