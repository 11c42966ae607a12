import { FrameFaultFound } from "../frame-expectation.ts";
import type { ByteSource } from "../png-chunks.ts";
import { Cursor } from "./cursor.ts";

/** Tags that mean something here. */
export const tiffTag = {
  width: 256,
  height: 257,
  bits: 258,
  compression: 259,
  photometric: 262,
  stripOffsets: 273,
  orientation: 274,
  samples: 277,
  rowsPerStrip: 278,
  stripBytes: 279,
  planar: 284,
  predictor: 317,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileBytes: 325,
  extraSamples: 338,
  sampleFormat: 339,
  profile: 34675,
} as const;

/** Bytes from `start` to before `end`. */
export interface TiffRegion {
  readonly start: number;
  readonly end: number;
}

interface TiffEntry {
  readonly type: number;
  readonly count: number;
  /** Where its values are in the file. */
  readonly position: number;
}

/**
 * What Blender 2.83 to 5.2 writes besides: order of bits, resolution, date, XMP; and names of the program and the
 * picture. Other tags, such as another directory, do not come from Blender.
 */
const otherTags = [266, 269, 270, 282, 283, 296, 305, 306, 315, 700];
const allowedTags: ReadonlySet<number> = new Set([...Object.values(tiffTag), ...otherTags]);
/** Bytes of a value, by type. */
const typeBytes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8];
const short = 3;
const long = 4;
const entryBytes = 12;
const what = "its directory";

/** The directory of a TIFF: what is in the file, and where. */
export class TiffDirectory {
  readonly #source: ByteSource;
  readonly #isBigEndian: boolean;
  readonly #entries = new Map<number, TiffEntry>();
  /** The header, the directory, and the values that are not in it. */
  readonly regions: TiffRegion[] = [{ start: 0, end: 8 }];

  private constructor(source: ByteSource, isBigEndian: boolean) {
    this.#source = source;
    this.#isBigEndian = isBigEndian;
  }

  /** Reads the directory of a TIFF. There must be only one, for one picture. @throws {FrameFaultFound} */
  static async read(source: ByteSource): Promise<TiffDirectory> {
    const head = await new Cursor(source).bytes(8, "its header");
    const order = head.toString("latin1", 0, 4);
    if (order !== "MM\0*" && order !== "II*\0") {
      throw new FrameFaultFound("WRONG_FORMAT", "it does not start like a TIFF");
    }
    const directory = new TiffDirectory(source, order === "MM\0*");
    await directory.#readEntries(directory.#uint32(head, 4));
    return directory;
  }

  has(tag: number): boolean {
    return this.#entries.has(tag);
  }

  /** The only value of a tag. @param absent What it means that there is none; `undefined`: the tag must be there */
  async number(tag: number, absent?: number): Promise<number> {
    if (absent !== undefined && !this.has(tag)) return absent;
    return (await this.numbers(tag, 1))[0] ?? 0;
  }

  /** All values of a tag, of which there must be this many. @param count Bounded by the caller */
  async numbers(tag: number, count: number): Promise<number[]> {
    const entry = this.#entries.get(tag);
    if (entry === undefined) throw badDirectory(`no tag ${tag}`);
    const { type, position } = entry;
    if (type !== short && type !== long) throw badDirectory(`tag ${tag} of another type`);
    if (entry.count !== count) throw badDirectory(`tag ${tag} with ${entry.count} values, not ${count}`);
    const data = await new Cursor(this.#source, position).bytes(count * (typeBytes[type] ?? 0), what);
    return Array.from({ length: count }, (_, index) =>
      type === short ? this.#uint16(data, index * 2) : this.#uint32(data, index * 4),
    );
  }

  /** The bytes of a tag, at most so many; `null` if there is none. */
  async bytes(tag: number, most: number): Promise<Buffer | null> {
    const entry = this.#entries.get(tag);
    if (entry === undefined) return null;
    if (entry.count > most || typeBytes[entry.type] !== 1) throw badDirectory(`tag ${tag} of ${entry.count} values`);
    return await new Cursor(this.#source, entry.position).bytes(entry.count, what);
  }

  async #readEntries(start: number): Promise<void> {
    const cursor = new Cursor(this.#source);
    cursor.skip(start, what);
    const count = this.#uint16(await cursor.bytes(2, what), 0);
    const data = await cursor.bytes(count * entryBytes + 4, what); // less than 1 MiB
    if (this.#uint32(data, count * entryBytes) !== 0) throw badDirectory("another one after it");
    this.regions.push({ start, end: cursor.position });
    let previous = 0;
    for (let at = 0; at < count * entryBytes; at += entryBytes) {
      const tag = this.#uint16(data, at);
      if (tag <= previous) throw badDirectory("tags that are not in order");
      if (!allowedTags.has(tag)) {
        throw new FrameFaultFound("FOREIGN_CHUNK", `its directory has a tag ${tag} which Blender does not write`);
      }
      previous = tag;
      this.#addEntry(tag, data.subarray(at, at + entryBytes), start + 2 + at);
    }
  }

  #addEntry(tag: number, entry: Buffer, at: number): void {
    const [type, count] = [this.#uint16(entry, 2), this.#uint32(entry, 4)];
    const bytes = (typeBytes[type] ?? 0) * count;
    if (bytes === 0) throw badDirectory(`tag ${tag} without a value`);
    const position = bytes <= 4 ? at + 8 : this.#uint32(entry, 8);
    if (position + bytes > this.#source.sizeBytes) {
      throw new FrameFaultFound("TRUNCATED", `its tag ${tag} reaches beyond the end of the file`);
    }
    if (bytes > 4) this.regions.push({ start: position, end: position + bytes });
    this.#entries.set(tag, { type, count, position });
  }

  #uint16(data: Buffer, at: number): number {
    return this.#isBigEndian ? data.readUInt16BE(at) : data.readUInt16LE(at);
  }

  #uint32(data: Buffer, at: number): number {
    return this.#isBigEndian ? data.readUInt32BE(at) : data.readUInt32LE(at);
  }
}

/** The fault of a directory. @param what For example "no tag 256" */
export function badDirectory(what: string): FrameFaultFound {
  return new FrameFaultFound("BAD_CHUNK", `its directory has ${what}`);
}
