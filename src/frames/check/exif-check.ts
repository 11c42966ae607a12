/** As much as fits into a JPEG, for which Exif was made. */
export const largestExifBytes = 64 * 1024;
/** The picture's own directory, those of camera, place and interoperability, and the next one of each. */
const mostDirectories = 8;
const entryBytes = 12;
/** Bytes of one value, by its type. */
const typeBytes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4];
/** Tags whose value is the place of another directory. */
const pointers: ReadonlySet<number> = new Set([0x8769, 0x8825, 0xa005]);

const orientation = 0x0112;
/** FFmpeg 9 turns and mirrors pictures that ask for it: the video would show other pixels than were rendered. */
const upright = 1;

/**
 * What is wrong with Exif metadata of 8 bytes or more, `null` when nothing is: every directory and every value must lie within it, no
 * directory may be met twice, and all values together may not be more than there are bytes. From version 8 on FFmpeg
 * reads them, copies them one by one, and ends at what is damaged.
 */
export function faultOfExif(data: Buffer): string | null {
  const order = data.toString("latin1", 0, 4);
  if (order !== "MM\0*" && order !== "II*\0") return "it does not begin as Exif does";
  return new Directories(data, order === "MM\0*").walk();
}

class Directories {
  readonly #data: Buffer;
  readonly #isBigEndian: boolean;
  readonly #seen = new Set<number>();
  #valueBytes = 0;

  constructor(data: Buffer, isBigEndian: boolean) {
    this.#data = data;
    this.#isBigEndian = isBigEndian;
  }

  walk(): string | null {
    const waiting = [this.#uint32(4)];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      if (this.#seen.has(at) || this.#seen.size >= mostDirectories) return "its directories run in circles";
      this.#seen.add(at);
      if (at < 8 || at + 2 > this.#data.length) return "a directory lies beyond its end";
      const end = at + 2 + this.#uint16(at) * entryBytes;
      if (end + 4 > this.#data.length) return "a directory reaches beyond its end";
      for (let entry = at + 2; entry < end; entry += entryBytes) {
        if (!this.#isEntryGood(entry)) return "a value reaches beyond its end";
        if (this.#uint16(entry) === orientation && this.#uint16(entry + 8) !== upright) return "it turns the picture";
        if (pointers.has(this.#uint16(entry))) waiting.push(this.#uint32(entry + 8));
      }
      const next = this.#uint32(end);
      if (next !== 0) waiting.push(next);
    }
    return null;
  }

  #isEntryGood(entry: number): boolean {
    const size = typeBytes[this.#uint16(entry + 2)];
    if (!size) return false;
    const bytes = size * this.#uint32(entry + 4);
    if (bytes <= 4) return true;
    this.#valueBytes += bytes;
    const { length } = this.#data;
    return this.#uint32(entry + 8) + bytes <= length && this.#valueBytes <= length;
  }

  #uint16(at: number): number {
    return this.#isBigEndian ? this.#data.readUInt16BE(at) : this.#data.readUInt16LE(at);
  }

  #uint32(at: number): number {
    return this.#isBigEndian ? this.#data.readUInt32BE(at) : this.#data.readUInt32LE(at);
  }
}
