import { extname } from "node:path";
import { formatsWith } from "../core/pictures/picture-format.ts";
import type { Overrides } from "./overrides.ts";

/** How a preview is rendered: half size, and few samples with Cycles and EEVEE. Denoising stays as it is. */
export const previewOverrides: Overrides = { scale: 50, maxSamples: 16 };

/** A preview has every fourth frame, and each is shown for as long as four. */
export const previewStep = 4;

const videoExtension = /^\.(mp4|mkv|webm|mov|gif)$/i;

/** Whether it ends the name of a video or picture. Anything else is part of a folder's name, which may have a dot too. */
const isFileExtension = (extension: string) =>
  videoExtension.test(extension) || formatsWith(extension.toLowerCase()).length > 0;

/**
 * The name of a preview, beside the output that it is a preview of: `out.mp4` has `out.preview.mp4`, and a folder of
 * pictures `shot/` has `shot.preview/`. So it has a job folder of its own, and never replaces the output. The name of a
 * preview is not changed.
 */
export function previewNameOf(output: string): string {
  const plain = output.replace(/[/\\]+$/, "");
  const extension = plain === output && isFileExtension(extname(plain)) ? extname(plain) : "";
  const stem = plain.slice(0, plain.length - extension.length);
  const end = extension === "" ? "/" : extension;
  return /\.preview$/i.test(stem) ? output : `${stem}.preview${end}`;
}
