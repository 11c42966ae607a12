import { posix } from "node:path";
import type { FileReference } from "./find-files.ts";

/**
 * Those references that the blendfiles of a project name.
 *
 * @param blends The files by their paths in the job: the blendfile and the libraries that were sent
 * @param textsIn Which of some texts stand in a blendfile
 */
export async function namedIn(
  references: readonly FileReference[],
  blends: ReadonlyMap<string, string>,
  textsIn: (path: string, texts: Iterable<string>) => Promise<ReadonlySet<string>>,
): Promise<ReadonlySet<FileReference>> {
  if (references.length === 0) return new Set();
  const wanted = new Set(references.flatMap((reference) => spellingsOf(reference).flat()));
  const found = new Set<string>();
  for (const path of blends.values()) {
    // A damaged library names nothing.
    for (const text of await textsIn(path, wanted).catch(() => [])) found.add(text);
  }
  const places = [...blends.keys()];
  return new Set(references.filter((reference) => isNamed(reference, places, found)));
}

/**
 * The texts that stand in a blendfile that names a path: the path, or its folder and its name, as image strips have it.
 * Blender turns the backslashes of Windows into slashes when it opens the file.
 */
function spellingsOf({ kind, viewOf, path: own }: FileReference): readonly (readonly string[])[] {
  const path = viewOf ?? own;
  const nameOf = (text: string) => text.slice(Math.max(text.lastIndexOf("/"), text.lastIndexOf("\\")) + 1);
  // Blender reports a library of a library relative to the blendfile: only its name is as the library has it.
  if (kind === "library") return [[nameOf(path)].filter((name) => name !== "")];
  return [path, path.replaceAll("/", "\\")].flatMap((text) => {
    const name = nameOf(text);
    return [[text], [text.slice(0, text.length - name.length), name].filter((part) => part !== "")];
  });
}

/**
 * Whether the blendfiles of a project name the file that a node asks for.
 *
 * @param blends Paths in the project, of the blendfile and of the libraries that were sent
 * @param found Which of the texts of {@link spellingsOf} stand in them
 */
function isNamed(reference: FileReference, blends: readonly string[], found: ReadonlySet<string>): boolean {
  const { kind, at = null, path, form, viewOf = null } = reference;
  if (viewOf !== null && !areViews(viewOf, path)) return false;
  if (form === "folder" && !isCacheKind(kind)) return false;
  if (form === "folder" && at !== null && blends.map(pointCachesOf).includes(at)) return true;
  const isInPlace = path.startsWith("//")
    ? at !== null && blends.some((blend) => placeFrom(blend, path) === at)
    : at === null;
  return (
    isInPlace && spellingsOf(reference).some((texts) => texts.length > 0 && texts.every((text) => found.has(text)))
  );
}

/** Kinds of references that can be folders. */
function isCacheKind(kind: string): boolean {
  return kind === "simulation" || kind === "ocean";
}

const separators = "_.-";

/** Whether two paths can be views of one picture: they differ only in a suffix of the name, after a separator. */
function areViews(one: string, other: string): boolean {
  const [a, b] = [posix.parse(one), posix.parse(other)];
  if (a.dir !== b.dir || a.ext !== b.ext) return false;
  let same = 0;
  while (same < a.name.length && a.name[same] === b.name[same]) same += 1;
  const isCut = (name: string) => same === name.length || separators.includes(name[same] ?? "");
  while (same > 0 && !separators.includes(a.name[same - 1] ?? "") && !(isCut(a.name) && isCut(b.name))) same -= 1;
  return same > 0;
}

/** Where a relative path of a blendfile leads. A node that names another place asks for another file. */
function placeFrom(blend: string, path: string): string {
  const place = posix.join(posix.dirname(blend), path.slice("//".length).replaceAll("\\", "/"));
  return place.endsWith("/") ? place.slice(0, -1) : place;
}

/** Where Blender keeps the point caches of a blendfile, which it does not name. */
function pointCachesOf(blend: string): string {
  const slash = blend.lastIndexOf("/") + 1;
  return `${blend.slice(0, slash)}blendcache_${blend.slice(slash).replace(/\.[^.]*$/, "")}`;
}
