import { dirname } from "node:path";
import { assetRootsOf } from "../../assets/asset-roots.ts";
import { DigestCache } from "../../assets/digest-cache.ts";
import { ProjectFiles } from "../../assets/project-files.ts";
import { readBlendHeader } from "../../blendfile/blend-header.ts";
import { lookFor } from "../../blendfile/named-texts.ts";
import { relativePathsIn } from "../../blendfile/relative-paths.ts";
import type { JobSettings } from "../../config/job-settings.ts";
import { parseFrameRate } from "../../encode/frame-rate.ts";
import type { BlendCopy } from "../../frames/blend-copy.ts";
import { JobFolder } from "../../frames/job-folder.ts";
import { jobFolderOf } from "../../frames/job-folder-place.ts";
import { type PreparedOutput, prepareOutput } from "../output/prepare-output.ts";
import { isSceneHeard } from "../output/wanted-sound.ts";
import { CreatedFolders } from "./created-folders.ts";

/**
 * Valid inputs, and a job folder that belongs to this run. The caller owns it: `await using`. Disposing removes what
 * was made, unless `keep` was called.
 */
export interface PreparedJob extends PreparedOutput, AsyncDisposable {
  readonly folder: JobFolder;
  /** A copy of the blendfile, so that the artist can go on saving the original. */
  readonly blend: BlendCopy;
  /** The files that travel with it. */
  readonly files: ProjectFiles;
  /** The color configuration of this machine, if it cannot be sent. */
  readonly unsentColors: string | null;
  /** The Blender version that saved it, as "3.4". */
  readonly savedBy: string;
  /** Keeps the job folder from now on: what there is to render is known, so a later run can continue from it. */
  keep(): void;
}

/**
 * Checks everything that can be checked before any node is asked, so that bad input fails at once and leaves nothing
 * behind.
 *
 * @param hearsScene Whether the scene's sound is needed in any case (default: if the output can have it)
 * @throws {FarmError} For the input that is wrong
 */
export async function prepareJob(settings: JobSettings, signal: AbortSignal, hearsScene = false): Promise<PreparedJob> {
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
    const sendsSound = hearsScene || isSceneHeard(settings, prepared.format);
    folder = await JobFolder.open(output, signal, jobDir);
    const blend = await folder.keepBlend(settings.blend, signal);
    const keep = () => {
      isKept = true;
    };
    const around = settings.projectFolder === undefined ? [] : [settings.projectFolder];
    const roots = await assetRootsOf(settings.blend, settings.assetRoot, around);
    const files = new ProjectFiles({
      ...{ blend: blend.path, roots, folder: dirname(blend.path), keepBytes: settings.keepBytes },
      ...{ lookFor, relativePathsIn, sendsSound },
      digests: DigestCache.open(settings.configFolder),
    });
    const { OCIO: colors } = process.env;
    const unsentColors = colors && !(await files.addColors(colors)) ? colors : null;
    return { folder, blend, files, unsentColors, savedBy, ...prepared, keep, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}
