import { FrameFaultFound } from "../../frame-expectation.ts";
import type { Cursor } from "../cursor.ts";

/** One attribute of an EXR's header. Its value follows at the cursor. */
export interface ExrAttribute {
  readonly name: string;
  readonly type: string;
  readonly sizeBytes: number;
}

/** Four per view layer for the time it took, four per Cryptomatte: scenes with many have some hundred. */
const mostAttributes = 4_096;
const longestName = 255;
/** Without the flag for long names. */
const longestShortName = 31;
/** Names of views. */
const longestStringVector = 64 * 1024;

/** The types of values with a fixed size, by their bytes. */
const typesBySize: readonly (readonly [number, readonly string[]])[] = [
  [1, ["compression", "envmap", "lineOrder"]],
  [4, ["float", "int"]],
  [8, ["double", "rational", "timecode", "v2f", "v2i"]],
  [9, ["tiledesc"]],
  [12, ["v3f", "v3i"]],
  [16, ["box2f", "box2i", "v2d"]],
  [24, ["v3d"]],
  [28, ["keycode"]],
  [32, ["chromaticities"]],
  [36, ["m33f"]],
  [64, ["m44f"]],
  [72, ["m33d"]],
  [128, ["m44d"]],
];
const fixedBytes = new Map(typesBySize.flatMap(([bytes, types]) => types.map((type) => [type, bytes] as const)));
/** Those that Blender writes. */
const freeTypes: ReadonlySet<string> = new Set(["string", "stringvector", "chlist"]);

/** The types of the attributes that mean something here. */
const knownTypes: ReadonlyMap<string, string> = new Map([
  ["channels", "chlist"],
  ["compression", "compression"],
  ["dataWindow", "box2i"],
  ["displayWindow", "box2i"],
  ["lineOrder", "lineOrder"],
  ["pixelAspectRatio", "float"],
  ["screenWindowCenter", "v2f"],
  ["screenWindowWidth", "float"],
  ["tiles", "tiledesc"],
  ["name", "string"],
  ["type", "string"],
  ["chunkCount", "int"],
  ["multiView", "stringvector"],
  ["Frame", "string"],
  ["BlenderMultiChannel", "string"],
]);

/**
 * Reads the attributes of one part up to the zero after them. A value that the consumer does not read is skipped.
 *
 * @param hasLongNames Whether the file says that names may have more than 31 bytes
 * @throws {FrameFaultFound}
 */
export async function* readAttributes(cursor: Cursor, hasLongNames: boolean): AsyncGenerator<ExrAttribute> {
  const most = hasLongNames ? longestName : longestShortName;
  const names = new Set<string>();
  for (;;) {
    const name = await nameAt(cursor, most);
    if (name === "") return;
    const type = await nameAt(cursor, most);
    const sizeBytes = (await cursor.bytes(4, "its header")).readUInt32LE(0);
    if (names.has(name)) throw badHeader("an attribute twice");
    names.add(name);
    if (names.size > mostAttributes) throw badHeader(`more than ${mostAttributes} attributes`);
    const fixed = fixedBytes.get(type);
    if (fixed === undefined && !freeTypes.has(type)) {
      throw new FrameFaultFound("FOREIGN_CHUNK", "its header has an attribute of a type that Blender does not write");
    }
    if (fixed !== undefined && sizeBytes !== fixed) throw badHeader(`an attribute ${type} of ${sizeBytes} bytes`);
    if ((knownTypes.get(name) ?? type) !== type) throw badHeader(`${name} of another type`);
    const end = cursor.position + sizeBytes;
    if (type === "stringvector") await checkStrings(cursor, sizeBytes);
    else yield { name, type, sizeBytes };
    if (cursor.position > end) throw badHeader("a value that is longer than it says");
    cursor.skip(end - cursor.position, "its header");
  }
}

/** The fault of a header. @param what For example "no channels" */
export function badHeader(what: string): FrameFaultFound {
  return new FrameFaultFound("BAD_CHUNK", `its header has ${what}`);
}

/** Reads a name in a header. @throws {FrameFaultFound} If it is longer than `most` */
export async function nameAt(cursor: Cursor, most: number): Promise<string> {
  const name = await cursor.text(most, "its header");
  if (name === null) throw badHeader(`a name with more than ${most} bytes`);
  return name;
}

async function checkStrings(cursor: Cursor, sizeBytes: number): Promise<void> {
  if (sizeBytes > longestStringVector) throw badHeader(`a list of names of ${sizeBytes} bytes`);
  const data = await cursor.bytes(sizeBytes, "its header");
  let at = 0;
  while (at + 4 <= sizeBytes) at += 4 + data.readUInt32LE(at);
  if (at !== sizeBytes) throw badHeader("a list of names that is damaged");
}
