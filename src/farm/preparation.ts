import { readBlendHeader } from "../core/blend-header.ts";
import type { JobSettings } from "../core/job-settings.ts";
import { type FfmpegTools, findFfmpeg, requireEncoder } from "../encode/ffmpeg-tools.ts";
import { parseFrameRate } from "../encode/frame-rate.ts";
import { type OutputFormat, outputFormatOf } from "../encode/output-format.ts";
import { prepareTarget } from "../encode/output-target.ts";
import type { BlendCopy } from "../frames/blend-copy.ts";
import { JobFolder } from "../frames/job-folder.ts";

/** Inputs that were found good, and a job folder that is ours. Whoever prepares owns it: `await using`. */
export interface Preparation extends AsyncDisposable {
  readonly folder: JobFolder;
  /** The blendfile as it is now, whatever the artist saves meanwhile. */
  readonly blend: BlendCopy;
  /** Blender that saved it, "3.4". */
  readonly savedBy: string;
  readonly format: OutputFormat;
  readonly tools: FfmpegTools;
}

/**
 * Looks at everything that can be wrong before any node is asked, so that bad input costs no waiting and leaves nothing.
 *
 * @throws {FarmError} With the input that is wrong
 */
export async function prepare(settings: JobSettings, signal: AbortSignal): Promise<Preparation> {
  const { savedBy } = await readBlendHeader(settings.blend, signal);
  const format = outputFormatOf(settings.output);
  if (settings.fps !== undefined) parseFrameRate(settings.fps);
  await prepareTarget(settings.output, "", settings.overwrite);
  const tools = await findFfmpeg({ ...(settings.ffmpeg !== undefined && { path: settings.ffmpeg }), signal });
  await requireEncoder(tools, format.encoder, signal);
  const folder = await JobFolder.open(settings.output, signal);
  try {
    const blend = await folder.keepBlend(settings.blend, signal);
    return { folder, blend, savedBy, format, tools, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}
