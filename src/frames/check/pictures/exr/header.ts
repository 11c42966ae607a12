import type { Frame } from "../../../../core/node.ts";
import { FrameFaultFound } from "../../frame-expectation.ts";
import { checkFrameNumber } from "../../frame-number.ts";
import { checkSize } from "../../size-and-depth.ts";
import type { Cursor } from "../cursor.ts";
import { badHeader, type ExrAttribute, readAttributes } from "./attributes.ts";
import {
  areEqual,
  channelsAt,
  compressionIn,
  countChunks,
  type ExrChannel,
  type ExrPart,
  sizeOf,
  tileIn,
  windowIn,
} from "./part.ts";

/** What the headers of an EXR say. */
export interface ExrHeader {
  readonly parts: readonly ExrPart[];
  /** Whether chunks say which part they belong to. */
  readonly isMultipart: boolean;
  /** Whether it has the layers of a scene, as Blender writes them. */
  readonly isMultilayer: boolean;
  readonly hasFrame: boolean;
}

export const exrMagic = Buffer.from([0x76, 0x2f, 0x31, 0x01]);

const tiledFlag = 0x200;
const longNamesFlag = 0x400;
const deepFlag = 0x800;
const multipartFlag = 0x1000;

/** Blender 5 writes a part per pass and view layer. */
const mostParts = 16_384;
const mostChannels = 65_536;
const longestPartName = 1_024;
const longestFrame = 20;
/** Blender 2.83 does not say in another way that a picture of several views has layers: LAYER.PASS.VIEW.CHANNEL. */
const layerName = /\..*\./s;

/** The values of one part that mean something here. */
interface PartValues {
  readonly data: Map<string, Buffer>;
  readonly names: Set<string>;
  channels?: ExrChannel[];
  name?: string;
  type?: string;
  frame?: string;
}

/**
 * Reads the header of each part of an EXR. Afterwards, the cursor is at the table of chunks.
 *
 * @param frame The frame number that the metadata must have if they have one; `null`: any
 * @throws {FrameFaultFound}
 */
export async function readExrHeader(cursor: Cursor, frame: Frame | null, signal?: AbortSignal): Promise<ExrHeader> {
  const start = await cursor.bytes(8, "its header");
  if (!start.subarray(0, 4).equals(exrMagic)) {
    throw new FrameFaultFound("WRONG_FORMAT", "it does not start like an EXR");
  }
  const flags = start.readUInt32LE(4);
  if ((flags & 0xff) !== 2) throw badHeader(`version ${flags & 0xff}`);
  if (flags & deepFlag) throw badHeader("deep pixels, which Blender does not write");
  const isMultipart = (flags & multipartFlag) !== 0;
  const isTiled = (flags & tiledFlag) !== 0;
  if (flags & ~(0xff | tiledFlag | longNamesFlag | multipartFlag) || (isMultipart && isTiled)) {
    throw badHeader("flags of a form that Blender does not write");
  }
  const parts: ExrPart[] = [];
  const names = new Set<string>();
  const found = { channels: 0, hasFrame: false, isMultilayer: false };
  for (;;) {
    signal?.throwIfAborted();
    const values = await valuesAt(cursor, (flags & longNamesFlag) !== 0);
    // After the last part of many there is an empty one.
    if (isMultipart && values.names.size === 0) break;
    if (isMultipart) checkName(values, names);
    const part = partOf(values, { isMultipart, isTiled });
    if (!areEqual(part.display, parts[0]?.display ?? part.display)) throw badHeader("parts of different sizes");
    parts.push(part);
    found.channels += part.channels.length;
    if (values.frame !== undefined && frame !== null) checkFrameNumber(values.frame, frame);
    found.hasFrame ||= values.frame !== undefined;
    found.isMultilayer ||=
      values.names.has("BlenderMultiChannel") || part.channels.some(({ name }) => layerName.test(name));
    if (!isMultipart) break;
    if (parts.length > mostParts) throw badHeader(`more than ${mostParts} parts`);
    if (found.channels > mostChannels) throw badHeader(`more than ${mostChannels} channels`);
  }
  if (parts.length === 0) throw badHeader("no parts");
  return { parts, isMultipart, hasFrame: found.hasFrame, isMultilayer: found.isMultilayer };
}

async function valuesAt(cursor: Cursor, hasLongNames: boolean): Promise<PartValues> {
  const values: PartValues = { data: new Map(), names: new Set() };
  for await (const attribute of readAttributes(cursor, hasLongNames)) {
    values.names.add(attribute.name);
    await takeValue(cursor, attribute, values);
  }
  return values;
}

async function takeValue(cursor: Cursor, { name, sizeBytes }: ExrAttribute, values: PartValues): Promise<void> {
  const text = async (most: number) => (await cursor.bytes(Math.min(sizeBytes, most), "its header")).toString("latin1");
  if (name === "channels") values.channels = await channelsAt(cursor, sizeBytes);
  else if (name === "name" && sizeBytes > longestPartName) throw badHeader("a part with a name that is too long");
  else if (name === "name") values.name = await text(longestPartName);
  else if (name === "type") values.type = await text(longestFrame);
  else if (name === "Frame") values.frame = await text(longestFrame + 1);
  else if (["compression", "dataWindow", "displayWindow", "lineOrder", "tiles", "chunkCount"].includes(name)) {
    values.data.set(name, await cursor.bytes(sizeBytes, "its header"));
  }
}

/** Parts of a file must have different names. */
function checkName({ name }: PartValues, names: Set<string>): void {
  if (name === undefined || names.has(name)) throw badHeader("a part without a name of its own");
  names.add(name);
}

function partOf(values: PartValues, flags: { isMultipart: boolean; isTiled: boolean }): ExrPart {
  const required = (name: string): Buffer => {
    const data = values.data.get(name);
    if (data === undefined) throw badHeader(`no ${name}`);
    return data;
  };
  for (const name of ["pixelAspectRatio", "screenWindowCenter", "screenWindowWidth"]) {
    if (!values.names.has(name)) throw badHeader(`no ${name}`);
  }
  const { channels, type } = values;
  if (channels === undefined) throw badHeader("no channels");
  const isTiled = flags.isMultipart ? type === "tiledimage" : flags.isTiled;
  if (type === undefined ? flags.isMultipart : type !== (isTiled ? "tiledimage" : "scanlineimage")) {
    throw badHeader("a type that Blender does not write");
  }
  const [window, display] = [windowIn(required("dataWindow")), windowIn(required("displayWindow"))];
  checkSize(sizeOf(window), null);
  checkSize(sizeOf(display), null);
  if ((required("lineOrder")[0] ?? 0) > 2) throw badHeader("an unknown order of lines");
  const compression = compressionIn(required("compression"));
  const tile = isTiled ? tileIn(required("tiles")) : null;
  const chunkCount = countChunks(window, tile, compression);
  const claimed = values.data.get("chunkCount")?.readInt32LE(0) ?? (flags.isMultipart ? null : chunkCount);
  if (claimed !== chunkCount) throw badHeader(`${claimed ?? "no"} chunks, but its size needs ${chunkCount}`);
  return { window, display, compression, tile, channels, chunkCount };
}
