import type { Frame } from "../../../core/node.ts";
import type { PictureFormat } from "../../../core/pictures/picture-format.ts";
import type { PictureSize } from "../size-and-depth.ts";

/** What a picture must be. */
export interface PictureExpectation {
  readonly format: PictureFormat;
  /** Pixels; `null`: any, because the picture of a File Output node can have a size of its own. */
  readonly size: PictureSize | null;
  /**
   * Bits per channel; `null`: any. Of an EXR's colours, 16 means half and 32 float; its other channels (depth, normals)
   * are always float.
   */
  readonly depth: 8 | 16 | 32 | null;
  /** The frame number that its metadata must have, if they have one; `null`: any. */
  readonly frame: Frame | null;
  /** Whether the metadata must have a frame number. Those of TIFF and WebP never do. */
  readonly mustHaveFrame: boolean;
}
