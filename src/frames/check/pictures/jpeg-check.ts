import { faultOfIcc } from "../color-chunks.ts";
import { FrameFaultFound } from "../frame-expectation.ts";
import { checkFrameNumber, noFrameNumber } from "../frame-number.ts";
import type { ByteSource } from "../png-chunks.ts";
import { checkDepth, checkSize, type PictureSize } from "../size-and-depth.ts";
import { Cursor } from "./cursor.ts";
import { type JpegComponent, JpegScan } from "./jpeg-scan.ts";
import { JpegTables } from "./jpeg-tables.ts";
import type { PictureExpectation } from "./picture-expectation.ts";

const marker = {
  start: 0xd8,
  end: 0xd9,
  frame: 0xc0,
  codes: 0xc4,
  quantizers: 0xdb,
  scan: 0xda,
  comment: 0xfe,
} as const;
const [application0, application1, application2] = [0xe0, 0xe1, 0xe2];

/** Blender writes a comment per text, and a scene with many view layers has some hundred. */
const mostSegments = 4_096;
/** The whole profile must be in one segment. Blender numbers it 0, the specification 1. */
const profileStarts = ["ICC_PROFILE\0\0\x01", "ICC_PROFILE\0\x01\x01"];
const profileStartBytes = 14;

/** What the segments before the pixels have said. */
interface JpegState {
  readonly tables: JpegTables;
  size?: PictureSize;
  components?: readonly JpegComponent[];
  hasFrame: boolean;
}

/**
 * Checks a JPEG: all segments, and that its one scan has all its pixels. They are decoded as far as the lengths of their
 * codes are concerned. Only the form that Blender writes is accepted: baseline, one scan, no restarts.
 *
 * @throws {FrameFaultFound} At the first fault
 */
export async function checkJpeg(source: ByteSource, expected: PictureExpectation, signal?: AbortSignal): Promise<void> {
  const cursor = new Cursor(source);
  const start = await cursor.bytes(2, "its first marker");
  if (start.readUInt16BE(0) !== 0xff00 + marker.start) {
    throw new FrameFaultFound("WRONG_FORMAT", "it does not start like a JPEG");
  }
  const state: JpegState = { tables: new JpegTables(), hasFrame: false };
  for (let count = 0; ; count++) {
    signal?.throwIfAborted();
    if (count > mostSegments) throw new FrameFaultFound("FOREIGN_CHUNK", `it has more than ${mostSegments} segments`);
    const { position } = cursor;
    const head = await cursor.bytes(4, "a segment");
    const [type, length] = [head[1] ?? 0, head.readUInt16BE(2)];
    if (head[0] !== 0xff || length < 2) {
      throw new FrameFaultFound("BAD_CHUNK", `there is no segment at byte ${position}`);
    }
    const data = await cursor.bytes(length - 2, "a segment");
    const fault = type === marker.scan ? scanFault(data, state) : takeSegment(type, data, state, expected);
    if (fault !== null) throw new FrameFaultFound("BAD_CHUNK", `its segment ${type.toString(16)}: ${fault}`);
    if (type === marker.scan) break;
  }
  if (!state.hasFrame && expected.mustHaveFrame) throw noFrameNumber();
  await checkPixels(cursor, state, signal);
}

/** @returns What is wrong with it; `null` if nothing is */
function takeSegment(type: number, data: Buffer, state: JpegState, expected: PictureExpectation): string | null {
  switch (type) {
    case marker.quantizers:
      return state.tables.takeQuantizers(data);
    case marker.codes:
      return state.tables.takeCodes(data);
    case marker.frame:
      return takeFrame(data, state, expected);
    case marker.comment:
      takeComment(data, state, expected);
      return null;
    case application0:
      return data.toString("latin1", 0, 5) === "JFIF\0" ? null : "it is not of JFIF";
    case application1:
      return data.toString("latin1", 0, 6) === "NeoGeo" ? null : "it is not what Blender writes";
    case application2:
      return profileStarts.includes(data.toString("latin1", 0, profileStartBytes))
        ? faultOfIcc(data.subarray(profileStartBytes))
        : "it is not a colour profile";
    default:
      throw new FrameFaultFound("FOREIGN_CHUNK", `it has a segment ${type.toString(16)} which Blender does not write`);
  }
}

/** Size, and how many samples each component has. */
function takeFrame(data: Buffer, state: JpegState, expected: PictureExpectation): string | null {
  const count = data[5] ?? 0;
  if (state.size !== undefined || data.length !== 6 + 3 * count || (count !== 1 && count !== 3)) return "it is damaged";
  checkDepth(data[0] ?? 0, expected.depth);
  const size = { height: data.readUInt16BE(1), width: data.readUInt16BE(3) };
  checkSize(size, expected.size);
  const components = Array.from({ length: count }, (_, index) => {
    const [id = 0, samples = 0, quantizer = 0] = data.subarray(6 + 3 * index);
    return { id, across: samples >> 4, down: samples & 15, quantizer };
  });
  const isGood = components.every(({ across, down, quantizer, id }, index) => {
    const isFirst = components.findIndex((other) => other.id === id) === index;
    return isFirst && across >= 1 && across <= 4 && down >= 1 && down <= 4 && quantizer <= 3;
  });
  if (data[0] !== 8 || !isGood) return "it is damaged";
  Object.assign(state, { size, components });
  return null;
}

/** Blender before 4.2 ends them with a zero. */
function takeComment(data: Buffer, state: JpegState, expected: PictureExpectation): void {
  const frame = /^Blender:Frame:([^\0]*)\0?$/s.exec(data.toString("latin1"))?.[1];
  if (frame === undefined) return;
  if (expected.frame !== null) checkFrameNumber(frame, expected.frame);
  state.hasFrame = true;
}

/** The scan must have all components, with tables that are there. */
function scanFault(data: Buffer, { components, tables }: JpegState): string | null {
  if (components === undefined) return "it comes before the size";
  const count = data[0] ?? 0;
  if (count !== components.length || data.length !== 4 + 2 * count) return "it does not have all colours";
  if (data[1 + 2 * count] !== 0 || data[2 + 2 * count] !== 63 || data[3 + 2 * count] !== 0) return "it is not baseline";
  for (const [index, component] of components.entries()) {
    const [id, codes = 0] = data.subarray(1 + 2 * index);
    if (id !== component.id || !tables.has(component.quantizer, codes)) return "a table that it needs is missing";
    component.codes = codes;
  }
  return null;
}

async function checkPixels(cursor: Cursor, state: JpegState, signal?: AbortSignal): Promise<void> {
  const { size, components, tables } = state;
  if (size === undefined || components === undefined) throw new FrameFaultFound("BAD_PIXELS", "it has no pixels");
  const scan = new JpegScan(size, components, tables);
  const { position, restBytes } = cursor;
  for await (const piece of cursor.pieces(restBytes, "its pixels")) {
    signal?.throwIfAborted();
    const fault = scan.take(piece);
    if (fault !== null) throw new FrameFaultFound("BAD_PIXELS", fault);
    if (scan.isAtEnd) break;
  }
  if (!scan.isAtEnd) throw new FrameFaultFound("TRUNCATED", "it ends within its pixels");
  const rest = restBytes - scan.takenBytes;
  if (rest > 0) throw new FrameFaultFound("TRAILING_BYTES", `${rest} bytes follow its end at byte ${position}`);
}
