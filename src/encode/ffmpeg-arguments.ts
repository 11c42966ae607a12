import ffmpeg from "fluent-ffmpeg";
import { type FrameRate, formatFrameRate } from "./frame-rate.ts";
import type { OutputFormat } from "./output-format.ts";

export interface EncodeSettings {
  readonly format: OutputFormat;
  readonly rate: FrameRate;
  /** Size of every frame, in pixels. */
  readonly width: number;
  readonly height: number;
}

/** The part of a command that is used here; `_getArguments` is private there, see docs/decisions/010-fluent-ffmpeg.md. */
interface ArgumentBuilder {
  _getArguments(): string[];
}

const input = [
  ...["-f", "image2pipe"],
  ...["-c:v", "png"],
  // Without these FFmpeg repairs or skips a broken frame, and ends with status 0.
  ...["-err_detect", "explode+crccheck"],
];
const rec709 = ["-color_range", "tv", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"];

/**
 * FFmpeg's arguments for a video from PNG files that come one after the other on its standard input.
 *
 * Progress goes to standard output, which nothing else uses: a further pipe would not reach FFmpeg on every system.
 *
 * @param target Absolute path of the file to write; it is overwritten
 */
export function encodeArguments(settings: EncodeSettings, target: string): string[] {
  const { format, rate } = settings;
  const command = ffmpeg()
    .input("pipe:0")
    .inputOptions("-framerate", formatFrameRate(rate), ...input)
    .videoCodec(format.encoder)
    .videoFilters([...evenSize(settings), ...toRec709(format)])
    .outputOptions(
      ...["-hide_banner", "-loglevel", "warning", "-nostats", "-progress", "pipe:1"],
      "-xerror",
      "-an",
      ...format.encoderOptions,
      ...rec709,
      ...format.muxerOptions,
    )
    .format(format.muxer)
    .output(target);
  return (command as unknown as ArgumentBuilder)._getArguments();
}

/**
 * Odd sizes get one more column or row that repeats the last one: no pixel is lost, none is resampled, and no dark edge
 * appears as it would with a plain pad.
 */
function evenSize({ format, width, height }: EncodeSettings): string[] {
  const [right, bottom] = [width % 2, height % 2];
  if (!format.needsEvenSize || (right === 0 && bottom === 0)) return [];
  return [
    // Planar and deep, so that both filters take it in every FFmpeg and 16-bit frames keep their depth until the end.
    "format=gbrp16le",
    `pad=${width + right}:${height + bottom}:0:0`,
    `fillborders=right=${right}:bottom=${bottom}:mode=smear`,
  ];
}

/**
 * FFmpeg would use the matrix of Rec.601 for every size and leave the video untagged, and players then guess. Frames are
 * tagged as well as the container (`setparams`), since newer FFmpeg takes the tags from the frames.
 */
function toRec709(format: OutputFormat): string[] {
  return [
    "scale=out_color_matrix=bt709:out_range=tv:flags=bicubic+accurate_rnd+full_chroma_int",
    `format=${format.pixelFormat}`,
    "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709",
  ];
}
