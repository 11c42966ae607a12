import type { PictureFormat } from "../../../core/pictures/picture-format.ts";
import { openOwnFile } from "../../../system/files/own-file.ts";
import { fileSource } from "../checked-file.ts";
import { FrameFaultFound } from "../frame-expectation.ts";
import { Cursor } from "./cursor.ts";
import { exrMagic, readExrHeader } from "./exr/header.ts";

/** How files of each format start: text in Latin-1, and where it is. */
const beginnings: readonly (readonly [PictureFormat, string, number])[] = [
  ["png", "\x89PNG\r\n\x1a\n", 0],
  ["jpeg", "\xff\xd8\xff", 0],
  ["tiff", "II*\0", 0],
  ["tiff", "MM\0*", 0],
  ["webp", "WEBP", 8],
];

/**
 * The format of a picture, by its content. It may still be damaged: `checkPictureFile` finds out.
 *
 * @returns `null` for formats that are not checked, for example BMP, HDR and DPX
 * @throws `FARM_UNSAFE_PATH` if it is a link; the system's error if it cannot be read
 */
export async function formatOfContent(path: string): Promise<PictureFormat | null> {
  const file = await openOwnFile(path);
  try {
    const source = fileSource(file, (await file.stat()).size);
    const start = Buffer.from(await source.read(0, 12));
    if (start.subarray(0, 4).equals(exrMagic)) {
      return (await readExrHeader(new Cursor(source), null)).isMultilayer ? "exr-multilayer" : "exr";
    }
    const text = start.toString("latin1");
    return beginnings.find(([, beginning, at]) => text.startsWith(beginning, at))?.[0] ?? null;
  } catch (error) {
    // Its header is damaged: whatever its layers are, the check will refuse it.
    if (error instanceof FrameFaultFound) return "exr";
    throw error;
  } finally {
    await file.close();
  }
}
