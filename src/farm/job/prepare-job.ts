import { readBlendHeader } from "../../blendfile/blend-header.ts";
import type { JobSettings } from "../../config/job-settings.ts";
import { parseFrameRate } from "../../encode/frame-rate.ts";
import type { BlendCopy } from "../../frames/blend-copy.ts";
import { JobFolder } from "../../frames/job-folder.ts";
import { jobFolderOf } from "../../frames/job-folder-place.ts";
import { type PreparedOutput, prepareOutput } from "../output/prepare-output.ts";
import { CreatedFolders } from "./created-folders.ts";

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
