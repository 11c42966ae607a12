import { decompressed } from "./decompress.ts";

const ending = Buffer.from(".blend\0");
/** Longer than any path that Blender keeps (`FILE_MAX` in BLI_path_util.h). */
const longestPath = 1_024;
const mostPaths = 1_000;

/**
 * The relative paths of blendfiles that stand in a blendfile, as `//lib/tree.blend`: mostly those of its libraries.
 *
 * @throws {Error} If the file cannot be read
 */
export async function libraryPathsIn(path: string): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  let rest: Uint8Array = new Uint8Array();
  for await (const piece of decompressed(path)) {
    const bytes = Buffer.concat([rest, piece]);
    for (let at = bytes.indexOf(ending); at >= 0 && found.size < mostPaths; at = bytes.indexOf(ending, at + 1)) {
      const start = bytes.lastIndexOf(0, at) + 1;
      const text = bytes.toString("utf8", start, at + ending.length - 1);
      if (text.startsWith("//") && text.length <= longestPath) found.add(text);
    }
    rest = bytes.subarray(Math.max(0, bytes.length - longestPath)); // a path may lie across two pieces
  }
  return found;
}
