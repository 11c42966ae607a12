import { faultOfCicp, faultOfProfile, largestProfileBytes } from "./color-chunks.ts";
import { faultOfExif, largestExifBytes } from "./exif-check.ts";
import { FrameFaultFound } from "./frame-expectation.ts";
import type { Chunk } from "./png-chunks.ts";

/** The rules for a type of chunk that a frame may have. */
interface ChunkRule {
  /** Least and most bytes of its data. */
  readonly length: readonly [number, number];
  /** How many chunks of this type a frame may have. */
  readonly most: number;
  /** Whether it may also follow the pixels. */
  readonly followsPixels?: boolean;
  /** What is wrong with the data; `null` if nothing is. */
  readonly faultOf?: (data: Buffer) => string | null | Promise<string | null>;
}

const unbounded = Number.POSITIVE_INFINITY;
/** PNG's limit for a keyword. */
const longestKeyword = 79;

/**
 * The chunks that Blender 2.83 to 5.2 writes besides header, pixels and end; docs/decisions/025-chunks-of-a-frame.md
 * says which version writes which. Other chunks do not come from Blender, and may make FFmpeg fail.
 */
const chunkList: ReadonlyMap<string, ChunkRule> = new Map<string, ChunkRule>([
  ["cICP", { length: [4, 4], most: 1, faultOf: faultOfCicp }],
  ["iCCP", { length: [1, largestProfileBytes], most: 1, faultOf: faultOfProfile }],
  ["sRGB", { length: [1, 1], most: 1 }],
  ["gAMA", { length: [4, 4], most: 1 }],
  ["cHRM", { length: [32, 32], most: 1 }],
  // Blender 4.2 writes it twice, the second time after the pixels.
  ["eXIf", { length: [8, largestExifBytes], most: 2, followsPixels: true, faultOf: faultOfExif }],
  ["oFFs", { length: [9, 9], most: 1 }],
  ["pHYs", { length: [9, 9], most: 1 }],
  ["tIME", { length: [7, 7], most: 1 }],
  // Cryptomatte names all objects of the scene in one of them, so only the file's size limits its length. Scenes with
  // many view layers have some hundred; FFmpeg's time for them grows with the square of their number.
  ["tEXt", { length: [2, unbounded], most: 4_096, faultOf: faultOfText }],
]);

/** Checks the chunks of one frame against the list of those that Blender writes. */
export class ChunkCheck {
  readonly #counts = new Map<string, number>();

  /**
   * Reads a chunk that is not header, pixels or end.
   *
   * @param hasPixels Whether the pixels came before it
   * @returns Its data; only the beginning of texts, which may be long
   * @throws {FrameFaultFound} `FOREIGN_CHUNK` if it is not on the list, or not as Blender writes it
   */
  async read(chunk: Chunk, hasPixels: boolean): Promise<Buffer> {
    const { type, lengthBytes } = chunk;
    const rule = chunkList.get(type);
    if (rule === undefined) throw foreign(type, "which Blender does not write");
    const count = (this.#counts.get(type) ?? 0) + 1;
    this.#counts.set(type, count);
    if (count > rule.most) throw foreign(type, `more than ${rule.most === 1 ? "once" : `${rule.most} times`}`);
    if (hasPixels && !rule.followsPixels) throw foreign(type, "after its pixels");
    const [least, most] = rule.length;
    if (lengthBytes < least || lengthBytes > most) throw foreign(type, `of ${lengthBytes} bytes`);
    const data = await beginningOf(chunk, most === unbounded ? longestText : most);
    const fault = await rule.faultOf?.(data);
    if (fault) throw foreign(type, `that is damaged: ${fault}`);
    return data;
  }
}

/** Enough for every keyword, and for a frame number after one. */
const longestText = 256;

/** Reads the whole chunk, so that its checksum is compared, and keeps at most this much of it. */
async function beginningOf(chunk: Chunk, limit: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let keptBytes = 0;
  for await (const piece of chunk.pieces) {
    if (keptBytes >= limit) continue;
    pieces.push(piece.subarray(0, limit - keptBytes));
    keptBytes += piece.length;
  }
  return Buffer.concat(pieces);
}

function faultOfText(data: Buffer): string | null {
  const keywordBytes = data.indexOf(0);
  return keywordBytes > 0 && keywordBytes <= longestKeyword ? null : "it has no keyword";
}

function foreign(type: string, how: string): FrameFaultFound {
  return new FrameFaultFound("FOREIGN_CHUNK", `it has a chunk ${type} ${how}`);
}
