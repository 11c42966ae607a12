import { posix } from "node:path";
import type { FileReference } from "./find-files.ts";

/** Looks for texts in blendfiles. The function that it returns takes a blendfile's path, and throws if it is damaged. */
export type LookFor = (texts: Iterable<string>) => (path: string) => Promise<Iterable<string>>;

/**
 * Those references that the blendfiles of a project name.
 *
 * @param blends The files by their paths in the job: the blendfile and the libraries that were sent
 * @param lookFor Looks for texts, in one blendfile after the other; it returns those that it has not found before
 */
export async function namedIn(
  references: readonly FileReference[],
  blends: ReadonlyMap<string, string>,
  lookFor: LookFor,
): Promise<ReadonlySet<FileReference>> {
  const folders = [...new Set([...blends.keys()].map((at) => posix.dirname(at)))];
  const caches = new Set([...blends.keys()].map(pointCachesOf));
  const found = new Set<string>();
  const stillMissing = () => missing.filter((reference) => !isNamed(reference, { folders, caches, found }));
  let missing = references;
  const search = lookFor(references.flatMap((reference) => spellingsOf(reference).flat()));
  missing = stillMissing();
  // The newest first: what is asked for after they were sent is mostly named in them.
  for (const path of [...blends.values()].reverse()) {
    if (missing.length === 0) break;
    const fresh = [...(await search(path).catch(() => []))]; // a damaged library names nothing
    for (const text of fresh) found.add(text);
    if (fresh.length > 0) missing = stillMissing();
  }
  const unnamed = new Set(missing);
  return new Set(references.filter((reference) => !unnamed.has(reference)));
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

/** What is known of the blendfiles of a project. */
interface Blends {
  /** The folders in which they are. */
  readonly folders: readonly string[];
  /** Where Blender keeps their point caches. */
  readonly caches: ReadonlySet<string>;
  /** Which of the texts of {@link spellingsOf} stand in them. */
  readonly found: ReadonlySet<string>;
}

/** Whether the blendfiles of a project name the file that a node asks for. */
function isNamed(reference: FileReference, { folders, caches, found }: Blends): boolean {
  const { kind, at = null, path, form, viewOf = null } = reference;
  if (viewOf !== null && !areViews(viewOf, path)) return false;
  if (form === "folder" && !isCacheKind(kind)) return false;
  if (form === "folder" && at !== null && caches.has(at)) return true;
  const isInPlace = path.startsWith("//")
    ? at !== null && folders.some((folder) => placeFrom(folder, path) === at)
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

/** Where a relative path leads, of a blendfile in a folder. A node that names another place asks for another file. */
export function placeFrom(folder: string, path: string): string {
  const place = posix.join(folder, path.slice("//".length).replaceAll("\\", "/"));
  return place.endsWith("/") ? place.slice(0, -1) : place;
}

/** Where Blender keeps the point caches of a blendfile, which it does not name. */
function pointCachesOf(blend: string): string {
  const slash = blend.lastIndexOf("/") + 1;
  return `${blend.slice(0, slash)}blendcache_${blend.slice(slash).replace(/\.[^.]*$/, "")}`;
}
