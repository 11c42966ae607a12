import { basename, dirname, extname, join } from "node:path";
import { boundedName } from "../core/bounded-name.ts";
import { FarmError } from "../core/errors.ts";
import { extensionOf, formatsWith, type PictureFormat, pictureFormats } from "../core/pictures/picture-format.ts";
import type { VideoCodec } from "../core/video-codec.ts";
import { type Codec, type CodecEncoder, codecs } from "./codecs.ts";
import { type FrameNames, frameNamesOf, withExtension } from "./pictures/frame-names.ts";

/** A video with one of the codecs. */
export interface VideoFormat {
  readonly kind: "video";
  /** With the dot, in lower case. */
  readonly extension: string;
  /** FFmpeg's name of the container. It is given explicitly, because the temporary file has another extension. */
  readonly muxer: string;
  readonly muxerOptions: readonly string[];
  readonly codec: Codec;
  /** Encoders that may be used, the preferred one first; see `usableFormat`. */
  readonly encoders: readonly CodecEncoder[];
  readonly crf: number;
  /** Whether the output can have alpha. Without it the nodes write RGB, as Blender does for its own videos. */
  readonly canHaveAlpha: boolean;
}

export interface GifFormat {
  readonly kind: "gif";
  readonly extension: ".gif";
  readonly canHaveAlpha: false;
}

/** Pictures, under the names that Blender gives them. */
export interface SequenceFormat {
  readonly kind: "sequence";
  /** The formats that they may have: the scene's own if it is one of these, otherwise the first. */
  readonly formats: readonly PictureFormat[];
  /** Their names. The extension is that of the first format unless {@link isNamed}. */
  readonly names: FrameNames;
  /** Whether the user has given the extension. */
  readonly isNamed: boolean;
  readonly canHaveAlpha: true;
}

/** A kind of output, as the path of `--output` says. */
export type OutputFormat = VideoFormat | GifFormat | SequenceFormat;

export interface OutputWishes {
  readonly codec?: VideoCodec | undefined;
  readonly crf?: number | undefined;
  /** The format of pictures; an extension that names another one wins. */
  readonly format?: PictureFormat | undefined;
  /** Whether the output is an existing folder (default false). */
  readonly isFolder?: boolean;
}

interface Container {
  readonly extension: string;
  readonly muxer: string;
  readonly options: readonly string[];
  /** The usual one first. */
  readonly codecs: readonly VideoCodec[];
}

const containers: readonly Container[] = [
  // The index goes to the front, so that a player can start before it has the whole file.
  { extension: ".mp4", muxer: "mp4", options: ["-movflags", "+faststart"], codecs: ["h264", "hevc", "av1"] },
  {
    ...{ extension: ".mkv", muxer: "matroska", options: [] },
    codecs: ["h264", "hevc", "av1", "vp9", "prores", "ffv1"],
  },
  { extension: ".webm", muxer: "webm", options: [], codecs: ["vp9", "av1"] },
  {
    ...{ extension: ".mov", muxer: "mov", options: ["-movflags", "+faststart+write_colr"] },
    codecs: ["prores", "h264", "hevc"],
  },
];
/** On most file systems. */
const longestNameBytes = 255;
const known = [...containers.map((container) => container.extension), ".gif"].join(", ");

/**
 * The format that an output path asks for: by its extension, in any case, or as a folder or pattern of pictures.
 *
 * @throws {FarmError} `FARM_BAD_INPUT` listing the possible ones
 */
export function outputFormatOf(path: string, wishes: OutputWishes = {}): OutputFormat {
  const extension = extname(path).toLowerCase();
  if (wishes.isFolder || /[/\\]$/.test(path) || extension === "" || formatsWith(extension).length > 0) {
    return sequenceOf(path, extension, wishes);
  }
  if (extension === ".gif") {
    refuseWishes("A GIF", wishes);
    return { kind: "gif", extension, canHaveAlpha: false };
  }
  const container = containers.find((candidate) => candidate.extension === extension);
  if (container === undefined) throw unknownExtension(extension);
  return videoOf(container, wishes);
}

/** The codecs that the same file may have, the usual one first. */
export function codecsFor(format: VideoFormat): readonly VideoCodec[] {
  return containers.find(({ extension }) => extension === format.extension)?.codecs ?? [];
}

function videoOf(container: Container, wishes: OutputWishes): VideoFormat {
  const { extension, muxer } = container;
  const name = wishes.codec ?? container.codecs[0] ?? "h264";
  if (!container.codecs.includes(name)) {
    const others = containers.filter((candidate) => candidate.codecs.includes(name));
    throw new FarmError(
      "FARM_BAD_INPUT",
      `Cannot put ${name} into a ${extension} file`,
      `Give --codec ${listed(container.codecs)} for ${extension}, or an --output that ends in ${listed(others.map((other) => other.extension))}`,
    );
  }
  const codec = codecs[name];
  // Apple's players know HEVC only by this tag; Matroska has no such tags.
  const tag = name === "hevc" && muxer !== "matroska" ? ["-tag:v", "hvc1"] : [];
  return {
    ...{ kind: "video", extension, muxer, codec, encoders: codec.encoders, crf: crfOf(codec, wishes.crf) },
    muxerOptions: [...tag, ...container.options],
    canHaveAlpha: codec.canHaveAlpha,
  };
}

function crfOf(codec: Codec, asked: number | undefined): number {
  if (asked === undefined) return codec.crf?.usual ?? 0;
  if (codec.crf === null) {
    throw new FarmError(
      "FARM_BAD_INPUT",
      `Cannot use --crf with ${codec.name}: ${codec.noCrf}`,
      "Omit --crf, or choose another --codec",
    );
  }
  if (Number.isInteger(asked) && asked >= 0 && asked <= codec.crf.most) return asked;
  throw new FarmError(
    "FARM_BAD_INPUT",
    `Cannot use --crf ${asked} with ${codec.name}`,
    `Give a whole number from 0 (best) to ${codec.crf.most}; ${codec.crf.usual} is usual`,
  );
}

function sequenceOf(path: string, extension: string, wishes: OutputWishes): SequenceFormat {
  const isFolder = wishes.isFolder === true || /[/\\]$/.test(path) || !/#/.test(basename(path));
  const isNamed = formatsWith(extension).length > 0 && wishes.isFolder !== true && !/[/\\]$/.test(path);
  if (isFolder && isNamed) {
    const stem = basename(path).slice(0, -extension.length);
    throw new FarmError(
      "FARM_BAD_INPUT",
      `Cannot write an animation into one picture: ${path}`,
      `Say where the frame number goes: --output "${stem}_####${extension}", or give a video: ${known}`,
    );
  }
  refuseWishes("An image sequence", wishes);
  const formats = isNamed ? formatsNamed(formatsWith(extension), wishes.format) : formatsAsked(wishes.format);
  const names = isFolder
    ? frameNamesOf(path.replace(/[/\\]+$/, "") || path, "####")
    : frameNamesOf(dirname(path), basename(path));
  return {
    ...{ kind: "sequence", formats, isNamed, canHaveAlpha: true },
    names: isNamed ? names : withExtension(names, extensionOf(formats[0] ?? "png")),
  };
}

/** An extension wins; `.exr` may be either kind of OpenEXR. */
function formatsNamed(named: readonly PictureFormat[], asked: PictureFormat | undefined): readonly PictureFormat[] {
  return asked !== undefined && named.includes(asked) ? [asked] : named;
}

function formatsAsked(asked: PictureFormat | undefined): readonly PictureFormat[] {
  return asked === undefined ? pictureFormats : [asked];
}

/** The names of a sequence's pictures in the format that they have. */
export function namesIn({ names, isNamed }: SequenceFormat, format: PictureFormat): FrameNames {
  return isNamed ? names : withExtension(names, extensionOf(format));
}

/**
 * A path beside an output for something that comes with it: `out.passes` for `out.mp4`, and beside pictures their name
 * without the number.
 *
 * @param ending With the dot
 */
export function pathBeside(output: string, format: OutputFormat, ending: string): string {
  const bounded = (name: string) => `${boundedName(name, longestNameBytes - ending.length)}${ending}`;
  if (format.kind !== "sequence") return join(dirname(output), bounded(basename(output, extname(output))));
  const { folder, prefix } = format.names;
  const name = prefix.replace(/[-_. ]+$/, "");
  return name === "" ? join(dirname(folder), bounded(basename(folder))) : join(folder, bounded(name));
}

function refuseWishes(what: string, { codec, crf }: OutputWishes): void {
  if (codec === undefined && crf === undefined) return;
  const flag = codec === undefined ? "--crf" : "--codec";
  throw new FarmError("FARM_BAD_INPUT", `${what} has no ${flag}`, `Omit ${flag}, or choose a video: ${known}`);
}

function unknownExtension(extension: string): FarmError {
  return new FarmError(
    "FARM_BAD_INPUT",
    `Cannot write this kind of output: ${extension}`,
    `Give --output one of these extensions: ${known}; or frame_####.png (.exr .jpg .tif .webp) or a folder (with / at its end) for pictures`,
  );
}

/** For example "h264, hevc or av1". */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}
