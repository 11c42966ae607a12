import { FarmError } from "../../../core/errors.ts";
import type { Frame } from "../../../core/node.ts";
import type { PictureForm } from "../../../core/pictures/picture-form.ts";
import { extensionOf, nameOfFormat } from "../../../core/pictures/picture-format.ts";
import type { FinishedOutput } from "../../../encode/finished-video.ts";
import { namesIn, type OutputFormat, pathBeside, type SequenceFormat } from "../../../encode/output-format.ts";
import { type FrameNames, frameNamesOf, namesOfView } from "../../../encode/pictures/frame-names.ts";
import { ImageSequence } from "../../../encode/pictures/image-sequence.ts";
import { NodePictures, type PlacedPictures } from "../../../encode/pictures/node-pictures.ts";
import type { PictureRecord } from "../../../frames/frame-record.ts";
import type { WriterOptions } from "../output-writer.ts";

/** Where the pictures of a job go, as they are: a sequence for each view, and a folder for those of File Output nodes. */
export interface PictureSets {
  readonly sequences: readonly ImageSequence[];
  readonly nodes: NodePictures;
  /** The folder of the sequences; empty without any. */
  readonly folder: string;
}

/** What has come of them. */
export interface PlacedSets {
  /** `null` if there is no sequence. */
  readonly output: FinishedOutput | null;
  /** The same, as pictures beside a video. */
  readonly beside: { readonly folder: string; readonly files: number } | null;
  /** What the File Output nodes have written; `null` if nothing. */
  readonly passes: PlacedPictures | null;
}

/**
 * Opens the places for a job's pictures. With a video, there is a sequence beside it only if the pictures have a form of
 * their own.
 *
 * @throws {FarmError} `FARM_OUTPUT_EXISTS` and others, before anything is rendered; `FARM_BAD_INPUT` if the stored frames
 * have no such pictures
 */
export async function openPictureSets(options: WriterOptions): Promise<PictureSets> {
  const { facts, pathOf, picturesOf, output, format, passes, job: jobId, overwrite } = options;
  const { frames } = facts;
  const sequences: ImageSequence[] = [];
  for (const { names, view } of wantedSequencesOf(options)) {
    const sourceOf = (frame: Frame) =>
      view === null ? pathOf(frame) : pictureOfView(picturesOf(frame) ?? [], view)?.path;
    sequences.push(await ImageSequence.open({ names, output, frames, sourceOf, jobId, overwrite }));
  }
  const nodes = await NodePictures.open({
    ...{ frames, jobId, overwrite, folder: passesFolderOf(output, format) },
    isExpected: passes && facts.pictures.nodes > 0,
    picturesOf: (frame) => (passes ? picturesOf(frame)?.filter(({ kind }) => kind === "node") : []),
  });
  const [{ folder } = { folder: "" }] = sequenceNamesOf(options);
  return { sequences, nodes, folder };
}

/** The folder for the pictures of File Output nodes, beside the output. */
export function passesFolderOf(output: string, format: OutputFormat): string {
  return pathBeside(output, format, ".passes");
}

/** A frame's picture of a view. */
export function pictureOfView<Picture extends PictureRecord>(
  pictures: readonly Picture[],
  view: number,
): Picture | undefined {
  return pictures.find((picture) => picture.kind === "view" && picture.view === view);
}

/** The names of a sequence, and the view whose pictures these are; `null` for the PNGs. */
interface WantedSequence {
  readonly names: FrameNames;
  readonly view: number | null;
}

/** Their names. */
export function sequenceNamesOf(options: SequenceOptions): readonly FrameNames[] {
  return wantedSequencesOf(options).map(({ names }) => names);
}

type SequenceOptions = Pick<WriterOptions, "facts" | "format" | "beside" | "output">;

/** The sequences that a job writes, one for each view. */
export function wantedSequencesOf({
  facts: { pictures: form },
  format,
  beside,
  output,
}: SequenceOptions): readonly WantedSequence[] {
  if (format.kind === "sequence") return viewsIn(format, form);
  if (beside !== form.format) return [];
  const folder = pathBeside(output, format, ".frames");
  return viewsOf(frameNamesOf(folder, `####${extensionOf(form.format)}`), form);
}

function viewsOf(names: FrameNames, { format, suffixes }: PictureForm): readonly WantedSequence[] {
  return suffixes.map((suffix, view) => ({
    names: namesOfView(names, suffix),
    view: format === "png" && view === 0 ? null : view,
  }));
}

/** Each frame has a PNG, whatever its pictures are. @throws {FarmError} If the frames have no pictures of these formats */
function viewsIn(format: SequenceFormat, form: PictureForm): readonly WantedSequence[] {
  const { formats } = format;
  if (formats.includes(form.format)) return viewsOf(namesIn(format, form.format), form);
  if (formats.includes("png") && form.suffixes.length < 2) {
    return viewsOf(namesIn(format, "png"), { ...form, format: "png" });
  }
  const [wanted = "png"] = formats;
  const orVideo = form.suffixes.length < 2 ? ", or a video" : "";
  throw new FarmError(
    "FARM_BAD_INPUT",
    `Cannot make ${nameOfFormat(wanted)} pictures of frames that were rendered as ${nameOfFormat(form.format)}`,
    `Give --output frame_####${extensionOf(form.format)}${orVideo}; or render again with --format ${wanted}`,
  );
}
