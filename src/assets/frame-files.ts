import type { Frame } from "../core/node.ts";
import type { Form } from "./locate.ts";

/** How the numbers of a sequence's files follow from the frame, as a node reports it (docs/protocol.md, `numbers`). */
export interface FrameNumbers {
  /** The frame that shows the first picture. */
  readonly start: number;
  /** How many pictures there are; `null` if the numbers are not limited. */
  readonly length: number | null;
  /** Added to the number of the picture, which counts from 1. */
  readonly offset: number;
  /** What frames before and after the sequence show: its ends, or the sequence again, or again in reverse. */
  readonly repeat: "hold" | "cycle" | "ping-pong";
  /** How many frames before and after it a frame may need too. */
  readonly margin: number;
  /** The frames at which Blender opens the blendfile. */
  readonly opening: readonly Frame[];
}

/** Files of one name, but for the number, and how frames use them. */
interface Series {
  readonly files: Map<number, readonly string[]>;
  /** Of a cache, the last file before a frame and the next one are used too. */
  readonly isCache: boolean;
  uses: readonly FrameNumbers[];
  /** The numbers of the files, sorted. */
  numbers: readonly number[];
}

/**
 * Which files each frame needs. Those of numbered sequences and caches need not be on a node before it renders their
 * frames; all others, and those whose use is not known, are needed always. Files are named by their paths in the job.
 */
export class FrameFiles {
  readonly #always = new Set<string>();
  readonly #series = new Map<string, Series>();
  /** When single pictures are shown. */
  readonly #singles = new Map<string, readonly FrameNumbers[]>();
  #later: ReadonlySet<string> | undefined;

  /**
   * Adds the files of a reference.
   *
   * @param numbers How frames use them; without it, any frame may need any of them
   */
  add(files: readonly string[], form: Form | undefined, numbers: readonly FrameNumbers[] | null | undefined): void {
    this.#later = undefined;
    for (const file of files) {
      const numbered = numberedIn(file, form ?? null);
      if (numbers != null && form == null) this.#singles.set(file, [...(this.#singles.get(file) ?? []), ...numbers]);
      else if (numbers == null || numbered === null) this.#always.add(file);
      else this.#addNumbered(file, numbered, form === "folder", numbers);
    }
  }

  /** The files that some frames need, and not all. */
  get later(): ReadonlySet<string> {
    this.#later ??= this.#findLater();
    return this.#later;
  }

  /** Those of the later files that a frame needs, sorted. */
  neededBy(frame: Frame): readonly string[] {
    const { later } = this;
    const needed = new Set<string>();
    for (const series of this.#series.values()) {
      for (const file of filesAt(series, frame)) if (later.has(file)) needed.add(file);
    }
    for (const [file, uses] of this.#singles) {
      if (later.has(file) && uses.some((use) => isShown(use, frame))) needed.add(file);
    }
    return [...needed].sort();
  }

  #addNumbered(file: string, { series, number }: Numbered, isCache: boolean, numbers: readonly FrameNumbers[]): void {
    const key = `${isCache} ${series}`;
    const known = this.#series.get(key) ?? { files: new Map(), isCache, uses: [], numbers: [] };
    this.#series.set(key, known);
    const others = known.files.get(number) ?? [];
    if (!others.includes(file)) known.files.set(number, [...others, file]);
    const texts = new Set(known.uses.map((use) => JSON.stringify(use)));
    known.uses = [...known.uses, ...numbers.filter((use) => !texts.has(JSON.stringify(use)))];
  }

  #findLater(): ReadonlySet<string> {
    const later = new Set<string>();
    for (const series of this.#series.values()) {
      series.numbers = [...series.files.keys()].sort((one, other) => one - other);
      for (const file of [...series.files.values()].flat()) if (!this.#always.has(file)) later.add(file);
    }
    for (const file of this.#singles.keys()) if (!this.#always.has(file)) later.add(file);
    for (const series of this.#series.values()) {
      for (const file of neededToOpen(series)) later.delete(file);
    }
    for (const [file, uses] of this.#singles) {
      if (uses.some((use) => use.opening.some((frame) => isShown(use, frame)))) later.delete(file);
    }
    return later;
  }
}

/** A file's name without its number, and the number. */
interface Numbered {
  readonly series: string;
  readonly number: number;
}

/**
 * The number of the frame in names of caches: `HEX_000012_00.bphys` of points (`ptcache_filename` in Blender's
 * pointcache.c), `fluid_data_0012.vdb` and `fluid_mesh_0012.bobj.gz` of fluids (`getFilename` in MANTA_main.cpp).
 */
const cacheNumber = /_(\d{4,})(_\d+)?((?:\.[a-z]+)+)$/;

/** In a sequence, Blender counts with the last number in the name (`BLI_path_sequence_decode` in path_util.c). */
const sequenceNumber = /^(.*?)(\d+)(\D*)$/;

function numberedIn(file: string, form: Form): Numbered | null {
  if (form === "folder") {
    const [all = "", number = "", index = "", ending = ""] = cacheNumber.exec(file) ?? [];
    if (all === "") return null;
    return { series: `${file.slice(0, file.length - all.length)}_#${index}${ending}`, number: Number(number) };
  }
  const slash = file.lastIndexOf("/") + 1;
  const [, before, number, after] = sequenceNumber.exec(file.slice(slash)) ?? [];
  return form !== "sequence" || number === undefined
    ? null
    : { series: `${file.slice(0, slash)}${before}#${after}`, number: Number(number) };
}

function filesAt(series: Series, frame: Frame): readonly string[] {
  const numbers = new Set<number>();
  for (const use of series.uses) {
    for (let each = frame - use.margin; each <= frame + use.margin; each++) {
      for (const number of numbersAt(use, each)) numbers.add(number);
    }
  }
  if (series.isCache) for (const number of neighborsOf(numbers, series.numbers)) numbers.add(number);
  return [...numbers].flatMap((number) => series.files.get(number) ?? []);
}

/**
 * The numbers of the pictures that a frame may show. Blender's engines differ in what they show before the first one, so
 * there may be two (`BKE_image_user_frame_get` in image.cc, `volume_sequence_frame` in volume.cc).
 */
export function numbersAt({ start, length, offset, repeat }: FrameNumbers, frame: Frame): readonly number[] {
  const count = frame - start + 1;
  if (length === null) return [count + offset];
  if (length === 0) return [offset];
  const around = (period: number) => ((((count - 1) % period) + period) % period) + 1;
  switch (repeat) {
    case "hold":
      return count < 1 ? [offset, 1 + offset] : [Math.min(count, length) + offset];
    case "cycle":
      return [around(length) + offset];
    case "ping-pong": {
      const place = length === 1 ? 1 : around(2 * length - 2);
      return [(place > length ? 2 * length - place : place) + offset];
    }
  }
}

/** Whether a frame may need a single picture: it is shown from `start` on, for `length` frames. */
function isShown({ start, length, margin }: FrameNumbers, frame: Frame): boolean {
  return length !== 0 && frame >= start - margin && (length === null || frame < start + length + margin);
}

/** The last existing number before each wanted one, and the next one: between them Blender interpolates. */
function neighborsOf(wanted: Iterable<number>, existing: readonly number[]): readonly number[] {
  return [...wanted].flatMap((number) => {
    const after = existing.find((each) => each >= number);
    const before = existing.findLast((each) => each <= number);
    return [before, after].filter((each) => each !== undefined);
  });
}

/** What Blender reads when it opens the file; a cache has facts about the whole of it in its first file. */
function neededToOpen(series: Series): readonly string[] {
  const opening = series.uses.flatMap((use) => use.opening);
  const files = opening.flatMap((frame) => filesAt(series, frame));
  const [first = 0] = series.numbers;
  return series.isCache ? [...files, ...(series.files.get(first) ?? [])] : files;
}
