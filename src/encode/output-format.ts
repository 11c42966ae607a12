import { extname } from "node:path";
import { FarmError } from "../core/errors.ts";

/** One kind of output: what the extension of `--output` means. */
export interface OutputFormat {
  readonly kind: "video";
  /** With the dot, lower case. */
  readonly extension: string;
  /** FFmpeg's name of the container; given explicitly, as the file is written under another name first. */
  readonly muxer: string;
  readonly muxerOptions: readonly string[];
  /** FFmpeg's name of the encoder, which the FFmpeg found must have. */
  readonly encoder: string;
  readonly encoderOptions: readonly string[];
  readonly pixelFormat: string;
  /** 4:2:0 keeps one colour for each square of four pixels, so it needs even sizes. */
  readonly needsEvenSize: boolean;
  /** Without alpha the nodes write RGB, as Blender does for its own videos. */
  readonly hasAlpha: boolean;
}

/** Constant quality: 18 is what x264's authors call visually lossless or nearly so. */
const h264 = {
  kind: "video",
  encoder: "libx264",
  encoderOptions: ["-preset", "medium", "-crf", "18"],
  pixelFormat: "yuv420p",
  needsEvenSize: true,
  hasAlpha: false,
} as const;

const formats: readonly OutputFormat[] = [
  // The index goes to the front, so that a player can begin before it has the whole file.
  { ...h264, extension: ".mp4", muxer: "mp4", muxerOptions: ["-movflags", "+faststart"] },
  { ...h264, extension: ".mkv", muxer: "matroska", muxerOptions: [] },
];

/**
 * The format that an output path asks for by its extension, in whatever case.
 *
 * @throws {FarmError} `FARM_BAD_INPUT` that lists what is possible
 */
export function outputFormatOf(path: string): OutputFormat {
  const extension = extname(path).toLowerCase();
  const format = formats.find((candidate) => candidate.extension === extension);
  if (format !== undefined) return format;
  throw new FarmError(
    "FARM_BAD_INPUT",
    extension === "" ? `Cannot tell the kind of output: ${path}` : `Cannot write this kind of output: ${extension}`,
    `Give --output one of these extensions: ${formats.map((known) => known.extension).join(", ")}`,
  );
}
