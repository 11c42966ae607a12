import { pngChunk } from "./png.ts";

/** A colour profile of this length: a header that passes the checks, and one tag. */
export function iccProfile(length: number, { tagSize = 16 } = {}): Buffer {
  const profile = ramp(length);
  profile.writeUInt32BE(length, 0);
  profile.write("acsp", 36, "latin1");
  profile.writeUInt32BE(1, 128);
  profile.write("desc", 132, "latin1");
  profile.writeUInt32BE(144, 136);
  profile.writeUInt32BE(tagSize, 140);
  return profile;
}

/** An `iCCP` chunk. @param packed The profile compressed by zlib, or other bytes in its place */
export function profileChunk(packed: Uint8Array, { name = "Embedded Profile", method = 0 } = {}): Buffer {
  return pngChunk("iCCP", Buffer.concat([Buffer.from(`${name}\0`, "latin1"), Buffer.from([method]), packed]));
}

/** An `eXIf` chunk with one directory of these entries: tag, type, count, and value or offset. */
export function exifChunk(entries: readonly (readonly number[])[], { next = 0 } = {}): Buffer {
  const data = Buffer.alloc(8 + 2 + entries.length * 12 + 4);
  data.write("MM\0*", "latin1");
  data.writeUInt32BE(8, 4);
  data.writeUInt16BE(entries.length, 8);
  for (const [index, [tag = 0, type = 0, count = 0, value = 0]] of entries.entries()) {
    const at = 10 + index * 12;
    data.writeUInt16BE(tag, at);
    data.writeUInt16BE(type, at + 2);
    data.writeUInt32BE(count, at + 4);
    data.writeUInt32BE(value, at + 8);
  }
  data.writeUInt32BE(next, data.length - 4);
  return pngChunk("eXIf", data);
}

/** Bytes that rise and fall: anything but zeros. */
export function ramp(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, index) => index & 255));
}

/** The PNG with one more chunk after its header. */
export function withChunk(png: Buffer, chunk: Buffer): Buffer {
  const afterHeader = 8 + 25;
  return Buffer.concat([png.subarray(0, afterHeader), chunk, png.subarray(afterHeader)]);
}
