import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { JobSettings } from "../../config/job-settings.ts";
import { FarmError } from "../../core/errors.ts";
import type { WantedPictures } from "../../core/pictures/picture-form.ts";
import { type FfmpegTools, findFfmpeg } from "../../encode/ffmpeg/ffmpeg-tools.ts";
import { type OutputFormat, outputFormatOf } from "../../encode/output-format.ts";
import { prepareFolder, prepareTarget } from "../../encode/output-target.ts";
import { needsFfmpeg, requirePosterKind } from "../../encode/poster.ts";
import { usableFormat } from "../../encode/usable-format.ts";
import { wavPathOf } from "../../encode/wav-file.ts";
import { askProgram } from "../../system/programs/ask-program.ts";
import { type PictureSettings, wantedPictures } from "./pictures/wanted-pictures.ts";
import { soundFileOf } from "./wanted-sound.ts";

const probedWithinMs = 60_000;

/** An output that this machine can make. */
export interface PreparedOutput {
  readonly format: OutputFormat;
  /** `undefined` if no FFmpeg is needed, as for pictures, which come from Blender as they are. */
  readonly tools: FfmpegTools | undefined;
  /** Where the sound is written as a file of its own; `undefined` if none is wanted. */
  readonly wav: string | undefined;
  /** What is wanted of each frame, besides its PNG. */
  readonly pictures: WantedPictures;
}

export type OutputSettings = Pick<
  JobSettings,
  "output" | "codec" | "crf" | "poster" | "overwrite" | "ffmpeg" | "audio" | keyof PictureSettings
>;

/**
 * Decides what kind of output is asked for, and checks that this FFmpeg can make it and that it may be written.
 *
 * @throws {FarmError} For what is wrong
 */
export async function prepareOutput(settings: OutputSettings, signal: AbortSignal): Promise<PreparedOutput> {
  const { output, poster, overwrite, audio } = settings;
  const wanted = await outputKindOf(settings);
  const pictures = wantedPictures(settings, wanted);
  if (poster !== undefined) requirePosterKind(poster);
  if (poster !== undefined && resolve(poster) === resolve(output)) {
    throw new FarmError(
      "FARM_BAD_INPUT",
      `Cannot write the output and the poster to the same file: ${poster}`,
      "Give --poster another path",
    );
  }
  const soundFile = soundFileOf(settings);
  if (soundFile !== undefined && wanted.kind !== "video") {
    const hint = "Omit --audio, or give a video: --output out.mp4";
    throw new FarmError("FARM_BAD_INPUT", "Cannot put sound into pictures or a GIF", hint);
  }
  // The files of an image sequence are checked when the frames are known.
  if (wanted.kind === "sequence") await prepareFolder(wanted.names.folder);
  else await prepareTarget(output, "", overwrite);
  if (poster !== undefined) await prepareTarget(poster, "", overwrite, "--poster");
  const wav = audio === "wav" ? wavPathOf(output, wanted) : undefined;
  if (wav !== undefined) await prepareTarget(wav, "", overwrite, "--audio");
  const needs = wav !== undefined || (poster !== undefined && needsFfmpeg(poster));
  if (wanted.kind === "sequence" && !needs) return { format: wanted, tools: undefined, wav, pictures };
  const tools = await findFfmpeg({ ...(settings.ffmpeg !== undefined && { path: settings.ffmpeg }), signal });
  if (soundFile !== undefined) await requireSound(soundFile, tools, signal);
  return { format: await usableFormat(tools, wanted, signal), tools, wav, pictures };
}

/** @throws {FarmError} `FARM_BAD_INPUT` if the user's file has no sound */
async function requireSound(file: string, { ffprobe }: FfmpegTools, signal: AbortSignal): Promise<void> {
  const args = ["-v", "error", "-select_streams", "a:0", "-show_entries", "stream=codec_name", "-of", "csv=p=0", file];
  const { failed, stdout, why } = await askProgram(ffprobe, args, { timeoutMs: probedWithinMs, signal });
  if (!failed && stdout.trim() !== "") return;
  throw new FarmError(
    "FARM_BAD_INPUT",
    `Cannot take the sound from '${file}': ${failed ? why : "it has none"}`,
    "Give --audio auto, off, wav, or a file with sound",
  );
}

type KindSettings = Pick<OutputSettings, "output" | "codec" | "crf" | "format">;

/**
 * Checks that this kind of output can be made, before anything else is known.
 *
 * @throws {FarmError} `FARM_BAD_INPUT` listing the possible ones
 */
export async function requireOutputKind(settings: KindSettings): Promise<void> {
  await outputKindOf(settings);
}

/** The kind of output that is asked for. Makes nothing. @throws {FarmError} `FARM_BAD_INPUT` listing the possible ones */
export async function outputKindOf({ output, codec, crf, format }: KindSettings): Promise<OutputFormat> {
  const isFolder = (await stat(output).catch(() => null))?.isDirectory() ?? false;
  return outputFormatOf(output, { codec, crf, format, isFolder });
}
