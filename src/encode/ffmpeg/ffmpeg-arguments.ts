import ffmpeg from "fluent-ffmpeg";
import type { CodecEncoder, FrameForm, PictureForm } from "../codecs.ts";
import { type FrameRate, formatFrameRate } from "../frame-rate.ts";
import type { VideoFormat } from "../output-format.ts";
import { type SoundTrack, soundCodecOf } from "../sound-codec.ts";

/** The frames that come, each the same. */
export interface FrameStream extends FrameForm {
  readonly rate: FrameRate;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
}

export interface EncodeSettings extends FrameStream {
  readonly format: VideoFormat;
}

/**
 * The part of a command that is used here; `_getArguments` is private there, see docs/decisions/010-fluent-ffmpeg.md.
 */
interface ArgumentBuilder {
  _getArguments(): string[];
}

const input = [
  ...["-f", "image2pipe"],
  ...["-c:v", "png"],
  // Without these FFmpeg repairs or skips a broken frame, and ends with status 0.
  ...["-err_detect", "explode+crccheck"],
];
/** Progress goes to standard output, which nothing else uses: a further pipe would not reach FFmpeg on every system. */
const always = ["-hide_banner", "-loglevel", "warning", "-nostats", "-progress", "pipe:1", "-xerror", "-an"];

/** For a program that answers when it has ended. */
const quiet = ["-nostdin", "-v", "error"];

const tags: Readonly<Record<PictureForm["color"], readonly string[]>> = {
  rec709: ["-color_range", "tv", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"],
  rgb: ["-color_range", "pc", "-colorspace", "rgb", "-color_primaries", "bt709", "-color_trc", "iec61966-2-1"],
  gray: ["-color_range", "pc", "-color_primaries", "bt709", "-color_trc", "iec61966-2-1"],
};

/**
 * FFmpeg's arguments for a video made from PNG files that arrive one after the other on its standard input.
 *
 * @param target Absolute path of the file to write; it is overwritten
 */
export function encodeArguments(settings: EncodeSettings, target: string): string[] {
  const { muxer, muxerOptions } = settings.format;
  return argumentsOf(encoded(settings, muxerOptions).format(muxer).output(target));
}

/** The same without an output file: to see whether FFmpeg accepts some frames. */
export function encodeTrialArguments(settings: EncodeSettings): string[] {
  return argumentsOf(encoded(settings, []).format("null").output("-"));
}

function encoded(settings: EncodeSettings, muxerOptions: readonly string[]) {
  const { format } = settings;
  const form = format.codec.formOf(settings);
  const encoder = encoderFor(settings);
  return framesIn(settings)
    .videoCodec(encoder.name)
    .videoFilters([...evenSize(settings, form), ...flattened(settings, form), ...toPictures(form)])
    .outputOptions(...always, ...encoder.options(format.crf), ...form.options, ...tags[form.color], ...muxerOptions);
}

/**
 * Adds sound to a finished video, whose pictures are copied as they are. The sound begins with the first picture and ends
 * with the last one: it is cut, or silence follows.
 */
export function soundArguments(video: string, sound: SoundTrack, format: VideoFormat, target: string): string[] {
  const command = ffmpeg()
    .input(video)
    .input(sound.path)
    .outputOptions("-map", "0:v:0", "-map", "1:a:0", "-c:v", "copy", ...quiet)
    .audioFilters(exactly(sound))
    .outputOptions(...soundCodecOf(format).options, ...format.muxerOptions)
    .format(format.muxer)
    .output(target);
  return argumentsOf(command);
}

/** Decodes a sound to its end, without an output file, and fails at the first error. Progress goes to standard output. */
export function decodeSoundArguments(path: string): string[] {
  const command = ffmpeg()
    .input(path)
    .outputOptions("-map", "0:a:0", ...quiet, "-xerror", "-nostats", "-progress", "pipe:1")
    .format("null")
    .output("-");
  return argumentsOf(command);
}

/** The same sound as a file of its own. */
export function wavArguments(sound: SoundTrack, target: string): string[] {
  const command = ffmpeg()
    .input(sound.path)
    .outputOptions("-map", "0:a:0", "-c:a", "pcm_s16le", ...quiet)
    .audioFilters(exactly(sound))
    .format("wav")
    .output(target);
  return argumentsOf(command);
}

/** Silence before it, and then as long as the pictures. Only what nodes mix has silence before it, and that is stereo. */
function exactly({ leadSeconds, seconds }: SoundTrack): string[] {
  const leadMs = Math.round(leadSeconds * 1000);
  const lead = leadMs > 0 ? [`adelay=${leadMs}|${leadMs}`] : [];
  return [...lead, "apad", `atrim=end=${seconds.toFixed(6)}`];
}

/** The first pass of a GIF: the best colours for all frames, as one small picture. */
export function paletteArguments(stream: FrameStream, target: string): string[] {
  const command = framesIn(stream)
    .videoFilters([...overBlack(stream), "palettegen=stats_mode=full"])
    .videoCodec("png")
    .outputOptions(...always)
    .format("image2pipe")
    .output(target);
  return argumentsOf(command);
}

/** The second pass of a GIF: the frames in these colours. */
export function gifArguments(stream: FrameStream, palette: string, target: string): string[] {
  const frames = ["[0:v]", [...overBlack(stream), "null"].join(","), "[frames]"].join("");
  const command = framesIn(stream)
    .input(palette)
    .inputOptions("-f", "png_pipe")
    .complexFilter(`${frames};[frames][1:v]paletteuse=dither=sierra2_4a[out]`)
    .videoCodec("gif")
    .outputOptions("-map", "[out]", ...always, "-loop", "0")
    .format("gif")
    .output(target);
  return argumentsOf(command);
}

/** Decodes the frames without an output file: enough for a GIF or a JPEG, for which they only have to be readable. */
export function pictureTrialArguments(stream: FrameStream): string[] {
  const command = framesIn(stream)
    .videoCodec("mjpeg")
    .outputOptions(...always, "-q:v", "2")
    .format("null")
    .output("-");
  return argumentsOf(command);
}

/** One frame as a JPEG. */
export function pictureArguments(target: string): string[] {
  const command = ffmpeg()
    .input("pipe:0")
    .inputOptions(...input)
    .videoCodec("mjpeg")
    .outputOptions(...always, "-frames:v", "1", "-q:v", "2")
    .format("image2pipe")
    .output(target);
  return argumentsOf(command);
}

/** The size of the video's pictures: that of the frames, or one pixel more. */
export function pictureSizeOf(settings: EncodeSettings): { readonly width: number; readonly height: number } {
  const { evenWidth, evenHeight } = settings.format.codec.formOf(settings);
  const { width, height } = settings;
  return { width: width + (evenWidth ? width % 2 : 0), height: height + (evenHeight ? height % 2 : 0) };
}

function framesIn({ rate }: FrameStream) {
  return ffmpeg()
    .input("pipe:0")
    .inputOptions("-framerate", formatFrameRate(rate), ...input);
}

/**
 * The first encoder that accepts pictures of this size; if there is none, the first one, which will report the problem.
 */
function encoderFor({ format, width, height }: EncodeSettings): CodecEncoder {
  const fitting = format.encoders.find(({ leastSize = 0 }) => Math.min(width, height) >= leastSize);
  const encoder = fitting ?? format.encoders[0];
  if (encoder === undefined) throw new Error(`No encoder for ${format.codec.name}`);
  return encoder;
}

/**
 * For an odd size, adds one column or row that repeats the last one. No pixel is lost or resampled, and there is no
 * dark edge, as there would be with a plain pad.
 */
function evenSize(settings: EncodeSettings, { hasAlpha }: PictureForm): string[] {
  const { width, height } = pictureSizeOf(settings);
  const [right, bottom] = [width - settings.width, height - settings.height];
  if (right === 0 && bottom === 0) return [];
  return [
    // Planar with 16 bits, so that both filters accept it in every FFmpeg and deep frames keep their depth.
    `format=${hasAlpha || settings.colorMode === "RGBA" ? "gbrap16le" : "gbrp16le"}`,
    `pad=${width}:${height}:0:0`,
    `fillborders=right=${right}:bottom=${bottom}:mode=smear`,
  ];
}

/** Puts frames with alpha over black if the video has no alpha, as Blender does in its own videos. */
function flattened(frame: FrameForm, { hasAlpha }: PictureForm): string[] {
  return hasAlpha ? [] : overBlack(frame);
}

function overBlack({ colorMode, depth }: FrameForm): string[] {
  return colorMode === "RGBA" ? [`format=${depth === 16 ? "gbrap16le" : "gbrap"}`, "premultiply=inplace=1"] : [];
}

/**
 * By default FFmpeg uses the matrix of Rec.601 for every size and leaves the video untagged, so that players have to
 * guess. The frames are tagged (`setparams`) as well as the container, because newer FFmpeg takes the tags from the
 * frames.
 */
function toPictures({ color, pixelFormat }: PictureForm): string[] {
  if (color === "rec709") {
    return [
      "scale=out_color_matrix=bt709:out_range=tv:flags=bicubic+accurate_rnd+full_chroma_int",
      `format=${pixelFormat}`,
      "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709",
    ];
  }
  const matrix = color === "rgb" ? "colorspace=gbr:" : "";
  return [`format=${pixelFormat}`, `setparams=range=pc:${matrix}color_primaries=bt709:color_trc=iec61966-2-1`];
}

function argumentsOf(command: unknown): string[] {
  return (command as ArgumentBuilder)._getArguments();
}
