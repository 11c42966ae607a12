/** The most that fits into a JPEG, which Exif was made for. */
export const largestExifBytes = 64 * 1024;
/** The picture's directory, those of camera, location and interoperability, and the next one of each. */
const mostDirectories = 8;
const entryBytes = 12;
/** Bytes of a value, by type. */
const typeBytes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4];
/** Tags whose value is the offset of another directory. */
const pointers: ReadonlySet<number> = new Set([0x8769, 0x8825, 0xa005]);

const orientation = 0x0112;
/** FFmpeg 9 rotates and mirrors pictures that ask for it, so the video would differ from the rendered pixels. */
const upright = 1;

/**
 * What is wrong with Exif metadata of 8 bytes or more; `null` if nothing is. Each directory and value must lie within
 * the data, no directory may occur twice, and all values together must not have more bytes than the data. FFmpeg 8 and
 * later read them, copy them one by one, and fail at damaged ones.
 */
export function faultOfExif(data: Buffer): string | null {
  const order = data.toString("latin1", 0, 4);
  if (order !== "MM\0*" && order !== "II*\0") return "it does not start like Exif data";
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
      if (this.#seen.has(at) || this.#seen.size >= mostDirectories)
        return "its directories refer to each other in a circle";
      this.#seen.add(at);
      if (at < 8 || at + 2 > this.#data.length) return "a directory is beyond its end";
      const end = at + 2 + this.#uint16(at) * entryBytes;
      if (end + 4 > this.#data.length) return "a directory reaches beyond its end";
      for (let entry = at + 2; entry < end; entry += entryBytes) {
        if (!this.#isEntryGood(entry)) return "a value reaches beyond its end";
        if (this.#uint16(entry) === orientation && this.#uint16(entry + 8) !== upright) return "it rotates the picture";
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
