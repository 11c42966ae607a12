import { codecs } from "./codecs.ts";
import { encoderMissing, encodersOf, type FfmpegTools, hasOption } from "./ffmpeg/ffmpeg-tools.ts";
import { codecsFor, listed, type OutputFormat, type VideoFormat } from "./output-format.ts";

/**
 * Reduces a format to the encoders that this FFmpeg has.
 *
 * @throws {FarmError} `FARM_ENCODER_MISSING` naming the codecs that would work
 */
export async function usableFormat<Format extends OutputFormat>(
  tools: FfmpegTools,
  format: Format,
  signal?: AbortSignal,
): Promise<Format> {
  if (format.kind === "sequence") return format;
  const there = await encodersOf(tools, signal);
  if (format.kind === "gif") {
    if (there.has("gif")) return format;
    throw encoderMissing(tools, "gif", "Install a full FFmpeg, or name one with FFMPEG_PATH");
  }
  const encoders: VideoFormat["encoders"][number][] = [];
  for (const encoder of format.encoders) {
    const { name, neededOption } = encoder;
    if (!there.has(name)) continue;
    if (neededOption !== undefined && !(await hasOption(tools, name, neededOption, signal))) continue;
    encoders.push(encoder);
  }
  if (encoders.length > 0) return { ...format, encoders };
  const others = codecsFor(format).filter((name) => codecs[name].encoders.some((encoder) => there.has(encoder.name)));
  throw encoderMissing(
    tools,
    listed(format.encoders.map((encoder) => encoder.name)),
    `${others.length === 0 ? "Install" : `Give --codec ${listed(others)} for ${format.extension}, or install`} a full FFmpeg, or name one with FFMPEG_PATH`,
  );
}
