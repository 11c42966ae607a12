import type { PictureFormat } from "../../../core/pictures/picture-format.ts";
import { checkOwnFile } from "../checked-file.ts";
import type { FrameVerdict } from "../frame-expectation.ts";
import type { ByteSource } from "../png-chunks.ts";
import { checkExr } from "./exr/check.ts";
import { checkJpeg } from "./jpeg-check.ts";
import type { PictureExpectation } from "./picture-expectation.ts";
import { checkPng } from "./png-picture.ts";
import { checkTiff } from "./tiff-check.ts";
import { checkWebp } from "./webp-check.ts";

type Check = (source: ByteSource, expected: PictureExpectation, signal?: AbortSignal) => Promise<void>;

const checks: Readonly<Record<Exclude<PictureFormat, "png">, Check>> = {
  exr: checkExr,
  "exr-multilayer": checkExr,
  jpeg: checkJpeg,
  tiff: checkTiff,
  webp: checkWebp,
};

/**
 * Proves that a file is the expected picture: complete, of the expected format, size and depth, and with the expected
 * frame number where its metadata have one. The file may come from a faulty or hostile node: memory stays below some ten
 * megabytes whatever it says, and the time is that of reading and unpacking it once.
 *
 * @returns `flat` is always `null` for formats other than PNG
 * @throws The signal's reason if aborted; `FARM_UNSAFE_PATH` if it is a link; the system's error if it cannot be read
 */
export async function checkPictureFile(
  path: string,
  expected: PictureExpectation,
  signal?: AbortSignal,
): Promise<FrameVerdict> {
  return await checkOwnFile(path, (source) => inspectPicture(source, expected, signal));
}

/**
 * Checks a picture that is open, or in memory.
 *
 * @returns The colour of a flat PNG, else `null`
 * @throws {FrameFaultFound} At the first fault; the signal's reason if aborted
 */
export async function inspectPicture(
  source: ByteSource,
  expected: PictureExpectation,
  signal?: AbortSignal,
): Promise<string | null> {
  signal?.throwIfAborted();
  const { format } = expected;
  if (format === "png") return await checkPng(source, expected, signal);
  await checks[format](source, expected, signal);
  return null;
}
