import { faultOfIcc, largestProfileBytes } from "../color-chunks.ts";
import { FrameFaultFound } from "../frame-expectation.ts";
import type { ByteSource } from "../png-chunks.ts";
import { checkDepth, checkSize } from "../size-and-depth.ts";
import { Cursor } from "./cursor.ts";
import type { PictureExpectation } from "./picture-expectation.ts";
import { badDirectory, TiffDirectory, type TiffRegion, tiffTag } from "./tiff-directory.ts";
import { faultOfTiffPixels } from "./tiff-pixels.ts";

/** Rows of the highest picture, if each is a strip of its own. */
const mostPieces = 131_072;

/** A strip or tile. */
interface TiffPiece extends TiffRegion {
  /** Bytes that it must unpack to. */
  readonly rawBytes: number;
}

/**
 * Checks a TIFF: its directory, and that each strip or tile has all its pixels. Nothing may overlap or lie beyond the
 * end of the file, and nothing may follow the last part. Its metadata never have a frame number.
 *
 * @throws {FrameFaultFound} At the first fault
 */
export async function checkTiff(source: ByteSource, expected: PictureExpectation, signal?: AbortSignal): Promise<void> {
  const directory = await TiffDirectory.read(source);
  if (expected.mustHaveFrame) throw new FrameFaultFound("WRONG_FRAME", "a TIFF does not say which frame it is");
  const pixelBytes = await pixelBytesIn(directory, expected);
  const pieces = await piecesIn(directory, pixelBytes, expected);
  const compression = await directory.number(tiffTag.compression);
  await checkMetadata(directory);
  checkRegions([...directory.regions, ...pieces], source.sizeBytes);
  // In the order of the file, so that it is read once.
  for (const { start, end, rawBytes } of pieces.sort((one, other) => one.start - other.start)) {
    signal?.throwIfAborted();
    const data = new Cursor(source, start).pieces(end - start, "its pixels");
    const fault = await faultOfTiffPixels(data, { compression, packedBytes: end - start, rawBytes });
    if (fault !== null) throw new FrameFaultFound("BAD_PIXELS", `the pixels at byte ${start}: ${fault}`);
  }
}

/** Samples and their depth. @returns Bytes of a pixel */
async function pixelBytesIn(directory: TiffDirectory, expected: PictureExpectation): Promise<number> {
  const samples = await directory.number(tiffTag.samples, 1);
  if (![1, 2, 3, 4].includes(samples)) throw badDirectory(`${samples} samples per pixel`);
  const bits = await directory.numbers(tiffTag.bits, samples);
  const formats = directory.has(tiffTag.sampleFormat) ? await directory.numbers(tiffTag.sampleFormat, samples) : [1];
  const [depth = 0] = bits;
  const format = depth === 32 ? 3 : 1; // 32 bits are float
  if (![8, 16, 32].includes(depth) || bits.some((other) => other !== depth) || formats.some((one) => one !== format)) {
    throw badDirectory("samples of a form that Blender does not write");
  }
  checkDepth(depth, expected.depth);
  return (samples * depth) / 8;
}

async function piecesIn(
  directory: TiffDirectory,
  pixelBytes: number,
  expected: PictureExpectation,
): Promise<TiffPiece[]> {
  const size = { width: await directory.number(tiffTag.width), height: await directory.number(tiffTag.height) };
  checkSize(size, expected.size);
  const { width, height } = size;
  const isTiled = directory.has(tiffTag.tileWidth);
  const [offsetsTag, bytesTag] = isTiled
    ? [tiffTag.tileOffsets, tiffTag.tileBytes]
    : [tiffTag.stripOffsets, tiffTag.stripBytes];
  const pieceWidth = isTiled ? await directory.number(tiffTag.tileWidth) : width;
  const pieceHeight = isTiled
    ? await directory.number(tiffTag.tileHeight)
    : Math.min(height, await directory.number(tiffTag.rowsPerStrip, height));
  if (pieceWidth < 1 || pieceHeight < 1) throw badDirectory("strips or tiles without pixels");
  const count = Math.ceil(width / pieceWidth) * Math.ceil(height / pieceHeight);
  if (count > mostPieces) throw badDirectory(`${count} strips or tiles`);
  const starts = await directory.numbers(offsetsTag, count);
  const lengths = await directory.numbers(bytesTag, count);
  return starts.map((start, index) => {
    // The last strip has only the rows that are left; tiles are always whole.
    const rows = isTiled ? pieceHeight : Math.min(pieceHeight, height - index * pieceHeight);
    return { start, end: start + (lengths[index] ?? 0), rawBytes: pieceWidth * rows * pixelBytes };
  });
}

/** What changes how the pixels are shown must be as Blender writes it. */
async function checkMetadata(directory: TiffDirectory): Promise<void> {
  const photometric = await directory.number(tiffTag.photometric);
  const [orientation, planar] = [
    await directory.number(tiffTag.orientation, 1),
    await directory.number(tiffTag.planar, 1),
  ];
  const predictor = await directory.number(tiffTag.predictor, 1);
  const isGood = [1, 2].includes(photometric) && orientation === 1 && planar === 1 && predictor >= 1 && predictor <= 3;
  if (!isGood) throw badDirectory("values of a form that Blender does not write");
  const profile = await directory.bytes(tiffTag.profile, largestProfileBytes);
  const fault = profile && faultOfIcc(profile);
  if (fault) throw new FrameFaultFound("FOREIGN_CHUNK", `its colour profile is damaged: ${fault}`);
}

/** @throws {FrameFaultFound} If parts overlap, are beyond the end, or if bytes follow the last one */
function checkRegions(regions: TiffRegion[], sizeBytes: number): void {
  regions.sort((one, other) => one.start - other.start);
  let reached = 0;
  for (const { start, end } of regions) {
    if (start < reached) throw new FrameFaultFound("BAD_CHUNK", `two of its parts overlap at byte ${start}`);
    reached = end;
  }
  if (reached > sizeBytes) throw new FrameFaultFound("TRUNCATED", "its pixels reach beyond the end of the file");
  if (reached < sizeBytes) throw new FrameFaultFound("TRAILING_BYTES", `${sizeBytes - reached} bytes follow its end`);
}
