import { faultOfIcc, largestProfileBytes } from "../color-chunks.ts";
import { FrameFaultFound } from "../frame-expectation.ts";
import type { ByteSource } from "../png-chunks.ts";
import { checkDepth, checkSize, type PictureSize } from "../size-and-depth.ts";
import { Cursor } from "./cursor.ts";
import type { PictureExpectation } from "./picture-expectation.ts";

/** The chunks that Blender writes, in their order: a header if there are more than pixels, profile, alpha, pixels. */
const order = ["VP8X", "ICCP", "ALPH", "VP8 ", "VP8L"];
const headerFlags = { alpha: 0x10, profile: 0x20 } as const;

/** What the chunks before the present one have said. */
interface WebpState {
  /** In their order. */
  readonly types: string[];
  flags: number;
  canvas?: PictureSize;
  /** Of alpha that is not compressed. */
  alphaBytes?: number;
}

/**
 * Checks a WebP: all its chunks, their order and sizes, and that nothing is missing or follows. Its pixels are not
 * decoded. Its metadata never have a frame number.
 *
 * @throws {FrameFaultFound} At the first fault
 */
export async function checkWebp(source: ByteSource, expected: PictureExpectation, signal?: AbortSignal): Promise<void> {
  const cursor = new Cursor(source);
  const head = await cursor.bytes(12, "its header");
  if (head.toString("latin1", 0, 4) !== "RIFF" || head.toString("latin1", 8, 12) !== "WEBP") {
    throw new FrameFaultFound("WRONG_FORMAT", "it does not start like a WebP");
  }
  const claimed = 8 + head.readUInt32LE(4);
  if (claimed > source.sizeBytes) throw new FrameFaultFound("TRUNCATED", `it claims to have ${claimed} bytes`);
  if (claimed < source.sizeBytes) {
    throw new FrameFaultFound("TRAILING_BYTES", `${source.sizeBytes - claimed} bytes follow its end`);
  }
  if (expected.mustHaveFrame) throw new FrameFaultFound("WRONG_FRAME", "a WebP does not say which frame it is");
  checkDepth(8, expected.depth);
  const state: WebpState = { types: [], flags: 0 };
  while (cursor.restBytes > 0) {
    signal?.throwIfAborted();
    const { position } = cursor;
    const start = await cursor.bytes(8, "a chunk");
    const [type, lengthBytes] = [start.toString("latin1", 0, 4), start.readUInt32LE(4)];
    const end = cursor.position + lengthBytes;
    if (!order.includes(type))
      throw new FrameFaultFound("FOREIGN_CHUNK", `it has an unknown chunk at byte ${position}`);
    if (lengthBytes > cursor.restBytes) throw new FrameFaultFound("TRUNCATED", `it ends within its chunk ${type}`);
    if (order.indexOf(type) <= order.indexOf(state.types.at(-1) ?? "")) {
      throw new FrameFaultFound("BAD_CHUNK", `its chunk ${type} is not where it belongs`);
    }
    const fault = await takeChunk(type, lengthBytes, { cursor, state, expected });
    if (fault !== null) throw new FrameFaultFound("BAD_CHUNK", `its chunk ${type}: ${fault}`);
    state.types.push(type);
    cursor.skip(end - cursor.position, "a chunk");
    const isPadded = lengthBytes % 2 === 0 || (await cursor.bytes(1, "a chunk"))[0] === 0;
    if (!isPadded) throw new FrameFaultFound("BAD_CHUNK", `its chunk ${type} is not padded`);
  }
  checkTypes(state);
}

interface WebpContext {
  readonly cursor: Cursor;
  readonly state: WebpState;
  readonly expected: PictureExpectation;
}

/** @returns What is wrong with it; `null` if nothing is */
async function takeChunk(type: string, lengthBytes: number, context: WebpContext): Promise<string | null> {
  const { cursor, state } = context;
  const least = { VP8X: 10, ICCP: 1, ALPH: 2, "VP8 ": 10, VP8L: 5 }[type] ?? 0;
  if (lengthBytes < least) return `it has only ${lengthBytes} bytes`;
  if (type === "ICCP") {
    if (lengthBytes > largestProfileBytes) return `it has ${lengthBytes} bytes`;
    return faultOfIcc(await cursor.bytes(lengthBytes, "its colour profile"));
  }
  const head = await cursor.bytes(least, "a chunk");
  if (type === "ALPH") {
    if (((head[0] ?? 0) & 3) === 0) state.alphaBytes = lengthBytes - 1;
    return ((head[0] ?? 0) & 3) > 1 ? "its compression is unknown" : null;
  }
  if (type !== "VP8X") return takePixels(type, head, lengthBytes, context);
  state.flags = head.readUInt32LE(0);
  if (lengthBytes !== 10 || state.flags & ~(headerFlags.alpha | headerFlags.profile)) {
    return "it asks for a form that Blender does not write";
  }
  state.canvas = { width: head.readUIntLE(4, 3) + 1, height: head.readUIntLE(7, 3) + 1 };
  return null;
}

function takePixels(type: string, head: Buffer, lengthBytes: number, context: WebpContext): string | null {
  const { state, expected } = context;
  const size = type === "VP8L" ? losslessSize(head) : lossySize(head, lengthBytes);
  if (size === null) return "its header is damaged";
  checkSize(size, expected.size);
  const { width, height } = size;
  if (state.canvas && (state.canvas.width !== width || state.canvas.height !== height))
    return "its size is not the header's";
  if (state.alphaBytes !== undefined && state.alphaBytes !== width * height) return "its alpha has another size";
  return null;
}

/** Of a picture in VP8 it is known only that its first part is whole. */
function lossySize(head: Buffer, lengthBytes: number): PictureSize | null {
  const tag = head.readUIntLE(0, 3);
  const [isKey, isShown, firstBytes] = [(tag & 1) === 0, (tag & 16) !== 0, tag >> 5];
  const isWhole = isKey && isShown && head.readUIntBE(3, 3) === 0x9d012a && 10 + firstBytes <= lengthBytes;
  return isWhole ? { width: head.readUInt16LE(6) & 0x3fff, height: head.readUInt16LE(8) & 0x3fff } : null;
}

function losslessSize(head: Buffer): PictureSize | null {
  const bits = head.readUInt32LE(1);
  if (head[0] !== 0x2f || bits >>> 29 !== 0) return null;
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
}

/** The header must name what is there. */
function checkTypes({ types, flags }: WebpState): void {
  const has = (type: string) => types.includes(type);
  if (has("VP8 ") === has("VP8L")) throw new FrameFaultFound("BAD_PIXELS", "it has no pixels, or two pictures");
  if (has("VP8X") ? has("ICCP") !== ((flags & headerFlags.profile) !== 0) : types.length > 1) {
    throw new FrameFaultFound("BAD_CHUNK", "its header does not name what it has");
  }
  if (has("ALPH") && ((flags & headerFlags.alpha) === 0 || has("VP8L"))) {
    throw new FrameFaultFound("BAD_CHUNK", "its header does not name its alpha");
  }
}
