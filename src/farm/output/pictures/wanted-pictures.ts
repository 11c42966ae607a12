import type { JobSettings } from "../../../config/job-settings.ts";
import { FarmError } from "../../../core/errors.ts";
import type { PictureForm, WantedPictures } from "../../../core/pictures/picture-form.ts";
import {
  depthsOf,
  extensionOf,
  nameOfFormat,
  type PictureDepth,
  type PictureFormat,
} from "../../../core/pictures/picture-format.ts";
import { listed, type OutputFormat } from "../../../encode/output-format.ts";

export type PictureSettings = Pick<JobSettings, "format" | "depth" | "passes">;

/**
 * What pictures a job asks of each frame.
 *
 * @throws {FarmError} `FARM_BAD_INPUT` if no such picture can have the depth
 */
export function wantedPictures({ format, depth, passes }: PictureSettings, output: OutputFormat): WantedPictures {
  const formats = formatsOf(format, output);
  const [first, ...others] = formats;
  if (output.kind !== "sequence" && format === undefined && depth !== undefined) {
    throw new FarmError(
      "FARM_BAD_INPUT",
      "Cannot use --depth for a video: its codec decides",
      "Omit --depth, or give pictures: --output frame_####.exr",
    );
  }
  // Of several formats, the scene decides.
  if (first !== undefined && others.length === 0) requireDepth(first, depth);
  return { formats, depth: depth ?? null, nodes: passes, video: output.kind !== "sequence" };
}

/** @throws {FarmError} `FARM_BAD_INPUT` if the form that a node has decided on is not what the user asked for */
export function requireForm({ format, suffixes }: PictureForm, { depth }: PictureSettings, output: OutputFormat): void {
  requireDepth(format, depth);
  if (suffixes.length < 2 || output.kind === "sequence") return;
  throw new FarmError(
    "FARM_BAD_INPUT",
    `Cannot make one video: the scene writes ${suffixes.length} pictures of each frame (${suffixes.join(", ")})`,
    `Give pictures: --output frame_####${extensionOf(format)}; or set the scene's views format to Stereo 3D, which is one picture`,
  );
}

/** The pictures that come as files in a form of their own: with a video, none unless they were asked for. */
function formatsOf(format: PictureFormat | undefined, output: OutputFormat): readonly PictureFormat[] {
  if (output.kind === "sequence") return output.formats;
  return [format ?? "png"];
}

function requireDepth(format: PictureFormat, depth: PictureDepth | undefined): void {
  const depths = depthsOf(format);
  if (depth === undefined || depths.includes(depth)) return;
  throw new FarmError(
    "FARM_BAD_INPUT",
    `Cannot write ${nameOfFormat(format)} pictures with ${depth} bits per channel`,
    `Give --depth ${listed(depths.map(String))}, or another --format`,
  );
}
