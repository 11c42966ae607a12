import { inflate } from "node:zlib";
import { messageOf } from "../../core/errors.ts";

/**
 * Size limit of a colour profile, compressed and not. Blender's have 600 bytes; a display's may have some hundred
 * thousand.
 */
export const largestProfileBytes = 1024 * 1024;
const headerBytes = 128;
const tagBytes = 12;
/** PNG's limit for the name of a profile. */
const longestName = 79;

/** The numbers that H.273 defines, without "unspecified" and "reserved": FFmpeg 9 fails at others. */
const primaries: ReadonlySet<number> = new Set([1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 22]);
const transfers: ReadonlySet<number> = new Set([1, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15, 16, 17, 18]);

/**
 * What is wrong with a `cICP`: colour primaries, transfer function, matrix (none, because pixels are RGB), full range.
 */
export function faultOfCicp(data: Buffer): string | null {
  const [primary = 0, transfer = 0, matrix, range] = data;
  if (!primaries.has(primary)) return `its colour primaries are unknown: ${primary}`;
  if (!transfers.has(transfer)) return `its transfer function is unknown: ${transfer}`;
  return matrix === 0 && range === 1 ? null : "its pixels would not be full-range RGB";
}

/**
 * What is wrong with an `iCCP`: its name, its compression, or the profile in it. FFmpeg decompresses it without a
 * limit, and ends if that fails. So it is decompressed here, up to the largest size of a profile.
 */
export async function faultOfProfile(data: Buffer): Promise<string | null> {
  const nameBytes = data.indexOf(0);
  if (nameBytes < 1 || nameBytes > longestName) return "it has no name";
  if (data[nameBytes + 1] !== 0) return "its compression method is unknown";
  const packed = data.subarray(nameBytes + 2);
  try {
    const { profile, packedBytes } = await unpack(packed);
    return packedBytes === packed.length ? faultOfIcc(profile) : "bytes follow its end";
  } catch (error) {
    return `it cannot be decompressed (${messageOf(error)})`;
  }
}

/** What is wrong with a colour profile. Checks the header and the table of tags: sizes and offsets only. */
export function faultOfIcc(profile: Buffer): string | null {
  if (profile.length < headerBytes + 4) return "it is too short for a profile";
  if (profile.readUInt32BE(0) !== profile.length) return "its length differs from its header";
  if (profile.toString("latin1", 36, 40) !== "acsp") return "it is not a profile";
  const tags = profile.readUInt32BE(headerBytes);
  const tableEnd = headerBytes + 4 + tags * tagBytes;
  if (tableEnd > profile.length) return "its table of tags reaches beyond its end";
  for (let at = headerBytes + 4; at < tableEnd; at += tagBytes) {
    if (profile.readUInt32BE(at + 4) + profile.readUInt32BE(at + 8) > profile.length)
      return "a tag reaches beyond its end";
  }
  return null;
}

function unpack(packed: Buffer): Promise<{ profile: Buffer; packedBytes: number }> {
  return new Promise((resolve, reject) => {
    inflate(packed, { maxOutputLength: largestProfileBytes, info: true }, (error, result) => {
      // Node's types do not describe the result with `info`.
      const { buffer, engine } = (result ?? {}) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
      if (error) reject(error);
      else resolve({ profile: buffer, packedBytes: engine.bytesWritten });
    });
  });
}
