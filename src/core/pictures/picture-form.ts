import type { PictureDepth, PictureFormat } from "./picture-format.ts";

/** What pictures a job wants of each frame, besides the PNG by which the frame is checked. */
export interface WantedPictures {
  /** The scene's own format is kept if it is one of these; otherwise it is the first. */
  readonly formats: readonly PictureFormat[];
  /** `null` for the scene's own. */
  readonly depth: PictureDepth | null;
  /** Whether the pictures of File Output nodes are wanted too. */
  readonly nodes: boolean;
  /** Whether the PNGs become a video: otherwise, a PNG beside another format only proves the frame, and has 8 bits. */
  readonly video: boolean;
}

/** What pictures there are of each frame, as a node has decided from {@link WantedPictures} and the scene. */
export interface PictureForm {
  readonly format: PictureFormat;
  readonly depth: PictureDepth;
  /** What Blender adds to the names of the views that have a file each, `_L` and `_R`; one empty text for a single file. */
  readonly suffixes: readonly string[];
  /** Whether each file of a view says which frame it is. */
  readonly numbered: boolean;
  /** How many File Output nodes write pictures, if they are wanted and as far as is known. */
  readonly nodes: number;
}

/** The form of jobs whose frames are PNGs, and nothing else. */
export const onlyPng: PictureForm = { format: "png", depth: 8, suffixes: [""], numbered: true, nodes: 0 };

/** The views whose pictures come beside the PNG, which is the first view itself if that is the format. */
export function viewsBeside({ format, suffixes }: PictureForm): readonly number[] {
  const views = suffixes.map((_, view) => view);
  return format === "png" ? views.slice(1) : views;
}
