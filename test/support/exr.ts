import { inflateSync } from "node:zlib";

/** One attribute of a header, as it is in the file. */
interface Attribute {
  readonly type: string;
  readonly value: Buffer;
}

/** The samples of one channel, row by row. Two are the same if their types and samples are. */
export interface ExrSamples {
  readonly type: "uint" | "half" | "float";
  readonly samples: readonly number[];
}

/** One picture of an EXR. A file of Blender 5 has a part per pass. */
interface ExrPicture {
  readonly attributes: ReadonlyMap<string, Attribute>;
  readonly width: number;
  readonly height: number;
  readonly channels: ReadonlyMap<string, ExrSamples>;
}

interface Channel {
  readonly name: string;
  readonly type: ExrSamples["type"];
}

const sampleBytes = { uint: 4, half: 2, float: 4 } as const;
const sampleTypes = ["uint", "half", "float"] as const;
/** Rows of a chunk, by compression: none, RLE, ZIPS, ZIP. */
const rowsPerChunk = [1, 1, 1, 16];
const multipart = 0x1000;

/**
 * Reads an EXR of rows, not compressed or by RLE, ZIPS or ZIP, as Blender writes it. It trusts the file: that it is whole
 * is the check's business.
 *
 * @returns Its parts
 * @throws If it is compressed in another way
 */
export function readExr(bytes: Buffer): ExrPicture[] {
  const isMultipart = (bytes.readUInt32LE(4) & multipart) !== 0;
  const headers: Map<string, Attribute>[] = [];
  let at = 8;
  for (let isLast = false; !isLast; isLast = !isMultipart || bytes[at] === 0) {
    const [attributes, end] = readHeader(bytes, at);
    headers.push(attributes);
    at = end;
  }
  if (isMultipart) at++;
  return headers.map((attributes) => {
    const chunks = chunksOf(attributes);
    const offsets = Array.from({ length: chunks }, (_, index) => Number(bytes.readBigUInt64LE(at + index * 8)));
    at += chunks * 8;
    return readPart(bytes, attributes, isMultipart ? offsets.map((offset) => offset + 4) : offsets);
  });
}

/** The channels of all parts. Parts of the views of a picture, with the same channels, get their names before them. */
export function exrChannels(bytes: Buffer): Map<string, ExrSamples> {
  const all = new Map<string, ExrSamples>();
  for (const { attributes, channels } of readExr(bytes)) {
    const view = attributes.get("view")?.value.toString("latin1");
    for (const [name, samples] of channels) all.set(view === undefined ? name : `${view}: ${name}`, samples);
  }
  return all;
}

function readHeader(bytes: Buffer, start: number): [Map<string, Attribute>, number] {
  const attributes = new Map<string, Attribute>();
  let at = start;
  const text = () => {
    const end = bytes.indexOf(0, at);
    const found = bytes.toString("latin1", at, end);
    at = end + 1;
    return found;
  };
  for (let name = text(); name !== ""; name = text()) {
    const type = text();
    const size = bytes.readUInt32LE(at);
    attributes.set(name, { type, value: bytes.subarray(at + 4, at + 4 + size) });
    at += 4 + size;
  }
  return [attributes, at];
}

function valueIn(attributes: ReadonlyMap<string, Attribute>, name: string): Buffer {
  const value = attributes.get(name)?.value;
  if (value === undefined) throw new Error(`Cannot read an EXR without ${name}`);
  return value;
}

function sizeOf(attributes: ReadonlyMap<string, Attribute>): { top: number; width: number; height: number } {
  const window = valueIn(attributes, "dataWindow");
  const [left, top, right, bottom] = [0, 4, 8, 12].map((at) => window.readInt32LE(at)) as [
    number,
    number,
    number,
    number,
  ];
  return { top, width: right - left + 1, height: bottom - top + 1 };
}

function rowsOf(attributes: ReadonlyMap<string, Attribute>): number {
  const compression = valueIn(attributes, "compression")[0] ?? -1;
  const rows = rowsPerChunk[compression];
  if (rows === undefined) throw new Error(`Cannot read an EXR with compression ${compression}`);
  return rows;
}

function chunksOf(attributes: ReadonlyMap<string, Attribute>): number {
  return Math.ceil(sizeOf(attributes).height / rowsOf(attributes));
}

function channelsIn(list: Buffer): Channel[] {
  const channels: Channel[] = [];
  for (let at = 0; list[at] !== 0; ) {
    const end = list.indexOf(0, at);
    const type = sampleTypes[list.readInt32LE(end + 1)] ?? "uint";
    channels.push({ name: list.toString("latin1", at, end), type });
    at = end + 17;
  }
  return channels;
}

function readPart(bytes: Buffer, attributes: ReadonlyMap<string, Attribute>, offsets: readonly number[]): ExrPicture {
  const { top, width, height } = sizeOf(attributes);
  const channels = channelsIn(valueIn(attributes, "channels"));
  const samples = channels.map(() => Array<number>(width * height).fill(Number.NaN));
  const rowBytes = channels.reduce((sum, { type }) => sum + sampleBytes[type] * width, 0);
  for (const offset of offsets) {
    const first = bytes.readInt32LE(offset) - top;
    const rows = Math.min(rowsOf(attributes), height - first);
    const packed = bytes.subarray(offset + 8, offset + 8 + bytes.readUInt32LE(offset + 4));
    const data = unpack(packed, rows * rowBytes, valueIn(attributes, "compression")[0] ?? 0);
    let at = 0;
    for (let row = first; row < first + rows; row++) {
      for (const [index, { type }] of channels.entries()) {
        for (let column = 0; column < width; column++, at += sampleBytes[type]) {
          (samples[index] as number[])[row * width + column] = sampleAt(data, at, type);
        }
      }
    }
  }
  const all = channels.map(({ name, type }, index) => [name, { type, samples: samples[index] ?? [] }] as const);
  return { attributes, width, height, channels: new Map(all) };
}

function unpack(packed: Buffer, rawBytes: number, compression: number): Buffer {
  if (packed.length === rawBytes || compression === 0) return packed;
  const mixed = compression === 1 ? unpackRuns(packed) : inflateSync(packed);
  // Each byte is the difference from the one before it; all even bytes come before all odd ones.
  for (let at = 1; at < mixed.length; at++) mixed[at] = (mixed[at - 1] ?? 0) + (mixed[at] ?? 0) - 128;
  const half = Math.ceil(mixed.length / 2);
  return Buffer.from(mixed.map((_, at) => mixed[at % 2 === 0 ? at / 2 : half + (at - 1) / 2] ?? 0));
}

function unpackRuns(packed: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < packed.length; ) {
    const count = packed.readInt8(at);
    pieces.push(count < 0 ? packed.subarray(at + 1, at + 1 - count) : Buffer.alloc(count + 1, packed[at + 1]));
    at += count < 0 ? 1 - count : 2;
  }
  return Buffer.concat(pieces);
}

function sampleAt(data: Buffer, at: number, type: ExrSamples["type"]): number {
  if (type === "float") return data.readFloatLE(at);
  return type === "half" ? halfOf(data.readUInt16LE(at)) : data.readUInt32LE(at);
}

function halfOf(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
