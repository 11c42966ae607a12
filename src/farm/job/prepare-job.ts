import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { readBlendHeader } from "../../blendfile/blend-header.ts";
import { FarmError } from "../../core/errors.ts";
import type { JobSettings } from "../../core/job-settings.ts";
import { type FfmpegTools, findFfmpeg } from "../../encode/ffmpeg/ffmpeg-tools.ts";
import { parseFrameRate } from "../../encode/frame-rate.ts";
import { type OutputFormat, outputFormatOf } from "../../encode/output-format.ts";
import { prepareFolder, prepareTarget } from "../../encode/output-target.ts";
import { needsFfmpeg, requirePosterKind } from "../../encode/poster.ts";
import { usableFormat } from "../../encode/usable-format.ts";
import type { BlendCopy } from "../../frames/blend-copy.ts";
import { JobFolder } from "../../frames/job-folder.ts";
import { jobFolderOf } from "../../frames/job-folder-place.ts";
import { CreatedFolders } from "./created-folders.ts";

/** An output as it was asked for, held against this machine. */
interface PreparedOutput {
  readonly format: OutputFormat;
  /** `undefined` where no FFmpeg is needed: for pictures that are the frames themselves. */
  readonly tools: FfmpegTools | undefined;
}

/**
 * Inputs that were found good, and a job folder that is ours. Whoever prepares owns it: `await using`. Disposing of it
 * takes away what was made, unless `keep` was called.
 */
export interface PreparedJob extends PreparedOutput, AsyncDisposable {
  readonly folder: JobFolder;
  /** The blendfile as it is now, whatever the artist saves meanwhile. */
  readonly blend: BlendCopy;
  /** Blender that saved it, "3.4". */
  readonly savedBy: string;
  /** It is known what there is to render: from now on the job folder is a record, and the place to go on from. */
  keep(): void;
}

export type OutputSettings = Pick<JobSettings, "output" | "codec" | "crf" | "poster" | "overwrite" | "ffmpeg">;

/**
 * Looks at everything that can be wrong before any node is asked, so that bad input costs no waiting and leaves nothing.
 *
 * @throws {FarmError} With the input that is wrong
 */
export async function prepareJob(settings: JobSettings, signal: AbortSignal): Promise<PreparedJob> {
  const { savedBy } = await readBlendHeader(settings.blend, signal);
  if (settings.fps !== undefined) parseFrameRate(settings.fps);
  const { output, poster, jobDir } = settings;
  const createdFolders = await CreatedFolders.before(output, poster, jobFolderOf(output, jobDir));
  let folder: JobFolder | undefined;
  let isKept = false;
  const end = async () => {
    if (folder && !isKept && !folder.lost.aborted && createdFolders.isNew(folder.path))
      await folder.empty().catch(() => {});
    await folder?.[Symbol.asyncDispose]();
    if (!isKept) await createdFolders.remove();
  };
  try {
    const prepared = await prepareOutput(settings, signal);
    folder = await JobFolder.open(output, signal, jobDir);
    const blend = await folder.keepBlend(settings.blend, signal);
    const keep = () => {
      isKept = true;
    };
    return { folder, blend, savedBy, ...prepared, keep, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

/**
 * Settles what kind of output is asked for, that it can be made with this FFmpeg, and that it may be written.
 *
 * @throws {FarmError} With what is wrong
 */
export async function prepareOutput(settings: OutputSettings, signal: AbortSignal): Promise<PreparedOutput> {
  const { output, codec, crf, poster, overwrite } = settings;
  const isFolder = (await stat(output).catch(() => null))?.isDirectory() ?? false;
  const wanted = outputFormatOf(output, { codec, crf, isFolder });
  if (poster !== undefined) requirePosterKind(poster);
  if (poster !== undefined && resolve(poster) === resolve(output)) {
    throw new FarmError(
      "FARM_BAD_INPUT",
      `Cannot write the output and the poster to one file: ${poster}`,
      "Give --poster another path",
    );
  }
  // Of an image sequence it is looked at frame by frame, when the frames are known.
  if (wanted.kind === "sequence") await prepareFolder(wanted.names.folder);
  else await prepareTarget(output, "", overwrite);
  if (poster !== undefined) await prepareTarget(poster, "", overwrite, "--poster");
  if (wanted.kind === "sequence" && !(poster !== undefined && needsFfmpeg(poster))) {
    return { format: wanted, tools: undefined };
  }
  const tools = await findFfmpeg({ ...(settings.ffmpeg !== undefined && { path: settings.ffmpeg }), signal });
  return { format: await usableFormat(tools, wanted, signal), tools };
}
