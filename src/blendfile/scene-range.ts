import { highestFrame, lowestFrame } from "../core/frame-range.ts";
import type { Frame } from "../core/node.ts";
import { readBlendBeginning } from "./blend-header.ts";

/** The frame range of the scene in which a blendfile was saved. The scene's step is not known here. */
export interface SceneRange {
  /** The scene's name. */
  readonly scene: string;
  readonly frameStart: Frame;
  /** Not before `frameStart`. */
  readonly frameEnd: Frame;
}

/**
 * Reads from the first block of a blendfile which frames its active scene has, without Blender.
 *
 * @returns `null` if it is not known, because the file holds something unusual there
 * @throws {FarmError} `FARM_BLEND_NOT_FOUND` if there is no such file, `FARM_NOT_A_BLEND` if it is not a blendfile
 */
export async function readSceneRange(path: string, signal?: AbortSignal): Promise<SceneRange | null> {
  const { bytes } = await readBlendBeginning(path, signal);
  return parseSceneRange(Buffer.from(bytes));
}

/** How the header and the head of a block are laid out: sizes and positions in bytes. */
interface Layout {
  readonly header: number;
  readonly blockHead: number;
  /** Where the head of a block says how long its data is; the numbers behind are 0. */
  readonly length: number;
}

/** The least and the most bytes of a scene's name: 64 up to Blender 4, 256 since 5. */
const nameBytes = { least: 24, most: 256 };
/** Before the name: the first and the last frame. */
const rangeBytes = 8;

/** @param bytes The beginning of the file: its header, and the block `REND`, which Blender writes first */
export function parseSceneRange(bytes: Buffer): SceneRange | null {
  const layout = layoutOf(bytes);
  if (layout === undefined) return null;
  const { header, blockHead, length } = layout;
  const data = header + blockHead;
  if (bytes.length < data || codeAt(bytes, header) !== "REND") return null;
  const size = bytes.readUInt32LE(header + length);
  if (size < rangeBytes + nameBytes.least || size > rangeBytes + nameBytes.most) return null;
  // A second block of this kind would be another scene's.
  if (bytes.length < data + size + 4 || codeAt(bytes, data + size) === "REND") return null;
  const frameStart = bytes.readInt32LE(data);
  const frameEnd = bytes.readInt32LE(data + 4);
  if (frameStart < lowestFrame || frameEnd > highestFrame || frameEnd < frameStart) return null;
  const scene = nameIn(bytes.subarray(data + rangeBytes, data + size));
  return scene === null ? null : { scene, frameStart, frameEnd };
}

/** Files of machines with the other byte order have not been written for many years: they are not read. */
function layoutOf(bytes: Buffer): Layout | undefined {
  const head = bytes.toString("latin1", 0, 17);
  if (/^BLENDER-v\d{3}/.test(head)) return { header: 12, blockHead: 24, length: 4 };
  if (/^BLENDER_v\d{3}/.test(head)) return { header: 12, blockHead: 20, length: 4 };
  if (/^BLENDER17-01v\d{4}/.test(head)) return { header: 17, blockHead: 32, length: 16 };
  return undefined;
}

function codeAt(bytes: Buffer, position: number): string {
  return bytes.toString("latin1", position, position + 4);
}

/** @returns `null` if the name is empty or has no end */
function nameIn(field: Buffer): string | null {
  const end = field.indexOf(0);
  return end < 1 ? null : field.toString("utf8", 0, end);
}
