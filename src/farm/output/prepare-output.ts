import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { JobSettings } from "../../config/job-settings.ts";
import { FarmError } from "../../core/errors.ts";
import { type FfmpegTools, findFfmpeg } from "../../encode/ffmpeg/ffmpeg-tools.ts";
import { type OutputFormat, outputFormatOf } from "../../encode/output-format.ts";
import { prepareFolder, prepareTarget } from "../../encode/output-target.ts";
import { needsFfmpeg, requirePosterKind } from "../../encode/poster.ts";
import { usableFormat } from "../../encode/usable-format.ts";

/** An output that this machine can make. */
export interface PreparedOutput {
  readonly format: OutputFormat;
  /** `undefined` if no FFmpeg is needed, as for PNG pictures, which are the frames themselves. */
  readonly tools: FfmpegTools | undefined;
}

export type OutputSettings = Pick<JobSettings, "output" | "codec" | "crf" | "poster" | "overwrite" | "ffmpeg">;

/**
 * Decides what kind of output is asked for, and checks that this FFmpeg can make it and that it may be written.
 *
 * @throws {FarmError} For what is wrong
 */
export async function prepareOutput(settings: OutputSettings, signal: AbortSignal): Promise<PreparedOutput> {
  const { output, poster, overwrite } = settings;
  const wanted = await kindOf(settings);
  if (poster !== undefined) requirePosterKind(poster);
  if (poster !== undefined && resolve(poster) === resolve(output)) {
    throw new FarmError(
      "FARM_BAD_INPUT",
      `Cannot write the output and the poster to the same file: ${poster}`,
      "Give --poster another path",
    );
  }
  // The files of an image sequence are checked when the frames are known.
  if (wanted.kind === "sequence") await prepareFolder(wanted.names.folder);
  else await prepareTarget(output, "", overwrite);
  if (poster !== undefined) await prepareTarget(poster, "", overwrite, "--poster");
  if (wanted.kind === "sequence" && !(poster !== undefined && needsFfmpeg(poster))) {
    return { format: wanted, tools: undefined };
  }
  const tools = await findFfmpeg({ ...(settings.ffmpeg !== undefined && { path: settings.ffmpeg }), signal });
  return { format: await usableFormat(tools, wanted, signal), tools };
}

type KindSettings = Pick<OutputSettings, "output" | "codec" | "crf">;

/**
 * Checks that this kind of output can be made, before anything else is known.
 *
 * @throws {FarmError} `FARM_BAD_INPUT` listing the possible ones
 */
export async function requireOutputKind(settings: KindSettings): Promise<void> {
  await kindOf(settings);
}

async function kindOf({ output, codec, crf }: KindSettings): Promise<OutputFormat> {
  const isFolder = (await stat(output).catch(() => null))?.isDirectory() ?? false;
  return outputFormatOf(output, { codec, crf, isFolder });
}
