import { decompressed } from "./decompress.ts";

const slashes = Buffer.from("//");
/** Longer than any path that Blender keeps (`FILE_MAX` in BLI_path_util.h). */
const longestPath = 1_024;
const mostPaths = 10_000;

/**
 * The relative paths that stand in a blendfile: `//lib/tree.blend`, `//../tex/bark.png`. Other texts may look like them.
 *
 * @throws {Error} If the file cannot be read
 */
export async function relativePathsIn(path: string): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  let rest: Uint8Array = new Uint8Array();
  for await (const piece of decompressed(path)) {
    const bytes = Buffer.concat([rest, piece]);
    for (let at = bytes.indexOf(slashes); at >= 0 && found.size < mostPaths; at = bytes.indexOf(slashes, at + 1)) {
      const end = bytes.indexOf(0, at);
      if (end < 0) break; // its end is in the next piece
      if (end - at <= longestPath) found.add(bytes.toString("utf8", at, end));
    }
    rest = bytes.subarray(Math.max(0, bytes.length - longestPath)); // a path may lie across two pieces
  }
  return found;
}
