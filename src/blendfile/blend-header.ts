import type { FileHandle } from "node:fs/promises";
import { constants, createGunzip } from "node:zlib";
import { Decompress } from "fzstd";
import { FarmError, messageOf, systemCodeOf } from "../core/errors.ts";
import { NotRegularFileError, openRegularFile } from "../system/files/regular-file.ts";

/** The facts in the first bytes of a blendfile. */
export interface BlendHeader {
  /** Version of the Blender that saved the file, in Blender's form: "2.79", "3.4", "5.0". */
  readonly savedBy: string;
  /** How the file is compressed: gzip up to 2.93, zstd since 3.0, and only if the artist chose compression. */
  readonly compression: "none" | "gzip" | "zstd";
}

/**
 * A header has 17 bytes. A compressed one is in the first block, which has at most 128 KiB in zstd, so a file without a
 * header in this many bytes is not a blendfile.
 */
const maxReadBytes = 512 * 1024;
const pieceBytes = 64 * 1024;
const headerBytes = 17;
/** The header and, in every file that Blender saves, the block behind it. */
const beginningBytes = 512;

/**
 * Reads from the first bytes of a blendfile which Blender saved it.
 *
 * @throws {FarmError} `FARM_BLEND_NOT_FOUND` if there is no such file, `FARM_NOT_A_BLEND` if it is not a blendfile
 */
export async function readBlendHeader(path: string, signal?: AbortSignal): Promise<BlendHeader> {
  const { savedBy, compression } = await readBlendBeginning(path, signal);
  return { savedBy, compression };
}

/**
 * Reads a blendfile's header, and its first bytes decompressed: 512 or a little more, fewer if the file ends there.
 *
 * @throws {FarmError} As `readBlendHeader`
 */
export async function readBlendBeginning(
  path: string,
  signal?: AbortSignal,
): Promise<BlendHeader & { readonly bytes: Uint8Array }> {
  let file: FileHandle;
  try {
    file = await openRegularFile(path);
  } catch (error) {
    throw openFailed(path, error);
  }
  try {
    const stats = await file.stat();
    if (stats.size === 0) throw notABlend(path, "it is empty");
    signal?.throwIfAborted();
    return await readFrom(file, path);
  } finally {
    await file.close();
  }
}

async function readFrom(file: FileHandle, path: string): Promise<BlendHeader & { readonly bytes: Uint8Array }> {
  const magic = new Uint8Array(4);
  const { bytesRead } = await file.read(magic, 0, 4, 0);
  const compression = compressionOf(magic.subarray(0, bytesRead));
  let head: Uint8Array;
  try {
    head = await decompressors[compression](pieces(file));
  } catch (error) {
    throw notABlend(path, `its ${compression} data cannot be decompressed (${messageOf(error)})`, error);
  }
  const savedBy = parseVersion(Buffer.from(head).toString("latin1"));
  if (savedBy !== null) return { savedBy, compression, bytes: head };
  throw notABlend(path, head.length < headerBytes ? "it ends within its header" : "it has no Blender header");
}

function compressionOf(magic: Uint8Array): BlendHeader["compression"] {
  if (magic[0] === 0x1f && magic[1] === 0x8b) return "gzip";
  if (magic[0] === 0x28 && magic[1] === 0xb5 && magic[2] === 0x2f && magic[3] === 0xfd) return "zstd";
  return "none";
}

/**
 * `BLENDER-v304`: pointer size, byte order, version. Since 5.0 `BLENDER17-01v0500`: header size, pointer size, format
 * version, byte order, version in four digits.
 */
function parseVersion(head: string): string | null {
  const match = /^BLENDER(?:[-_][vV](\d)(\d\d)|\d\d[-_]\d\d[vV](\d\d)(\d\d))/.exec(head);
  if (match === null) return null;
  const major = Number(match[1] ?? match[3]);
  const minor = Number(match[2] ?? match[4]);
  return `${major}.${minor}`;
}

async function* pieces(file: FileHandle): AsyncGenerator<Uint8Array> {
  for (let position = 0; position < maxReadBytes; ) {
    const piece = new Uint8Array(pieceBytes);
    const { bytesRead } = await file.read(piece, 0, pieceBytes, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield piece.subarray(0, bytesRead);
  }
}

/**
 * Each returns at most a few hundred KiB of the decompressed beginning; fewer than `beginningBytes` if there is no more.
 */
const decompressors: Record<BlendHeader["compression"], (pieces: AsyncGenerator<Uint8Array>) => Promise<Uint8Array>> = {
  none: async (pieces) => {
    for await (const piece of pieces) return piece;
    return new Uint8Array();
  },
  gzip: async (pieces) => {
    // SYNC_FLUSH: reaching the end of the read bytes is not an error, because only the beginning is needed.
    const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH, chunkSize: 1024 });
    for await (const piece of pieces) {
      gunzip.end(piece.subarray(0, 4096)); // more than enough for 512 bytes and the gzip header with its file name
      break;
    }
    return firstOf(gunzip);
  },
  zstd: async (pieces) => {
    let head = Buffer.alloc(0);
    // A few bytes can decompress to gigabytes. Throwing is the only way to stop the decompressor once the beginning
    // is there.
    const decompress = new Decompress((piece) => {
      head = Buffer.concat([head, piece.subarray(0, beginningBytes - head.length)]);
      if (head.length >= beginningBytes) throw new BeginningIsThere();
    });
    try {
      let isFirst = true;
      for await (const piece of pieces) {
        if (isFirst && zstdWindowBytes(piece) > maxWindowBytes) return head;
        isFirst = false;
        decompress.push(piece);
      }
    } catch (error) {
      if (!(error instanceof BeginningIsThere)) throw error;
    }
    return head;
  },
};

class BeginningIsThere extends Error {}

/**
 * The most memory that a zstd header may ask for. Blender's files ask for 2 MiB; another header may ask for anything.
 */
const maxWindowBytes = 128 * 1024 * 1024;

/** The memory that a zstd frame's header asks for: RFC 8878, sections 3.1.1.1.1 and 3.1.1.1.2. */
function zstdWindowBytes(frame: Uint8Array): number {
  const descriptor = frame[4] ?? 0;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  if (!isSingleSegment) {
    const window = frame[5] ?? 0;
    const base = 2 ** (10 + (window >> 3));
    return base + (base / 8) * (window & 7);
  }
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const sizeBytes = [1, 2, 4, 8][descriptor >> 6] ?? 0;
  const bytes = [...frame.subarray(5 + dictionaryBytes, 5 + dictionaryBytes + sizeBytes)];
  return bytes.reduceRight((size, byte) => size * 256 + byte, 0);
}

async function firstOf(stream: AsyncIterable<Buffer>): Promise<Uint8Array> {
  let head = Buffer.alloc(0);
  for await (const piece of stream) {
    head = Buffer.concat([head, piece]);
    if (head.length >= beginningBytes) break;
  }
  return head;
}

function openFailed(path: string, error: unknown): FarmError {
  if (error instanceof NotRegularFileError) return notABlend(path, error.why, error);
  const code = systemCodeOf(error);
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new FarmError(
      "FARM_BLEND_NOT_FOUND",
      `Cannot find the blendfile: ${path}`,
      "Check the path given with --blend; it is relative to the folder in which the command runs",
      { cause: error },
    );
  }
  return new FarmError(
    "FARM_BLEND_NOT_FOUND",
    `Cannot open the blendfile: ${path} (${messageOf(error)})`,
    "Make the file readable for the user who runs this command",
    { cause: error },
  );
}

function notABlend(path: string, why: string, cause?: unknown): FarmError {
  return new FarmError(
    "FARM_NOT_A_BLEND",
    `Cannot use ${path} as a blendfile: ${why}`,
    "Give a file that Blender saved (.blend); if it is one, open it in Blender and save it again",
    cause === undefined ? undefined : { cause },
  );
}
