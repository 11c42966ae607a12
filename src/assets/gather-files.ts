import { messageOf } from "../core/errors.ts";
import { inParallel } from "../core/in-parallel.ts";
import { realPathOf } from "../system/files/real-path.ts";
import type { AssetCopies, FileBlob } from "./asset-copies.ts";
import type { AssetRoots } from "./asset-roots.ts";
import { type Objection, objectionTo } from "./file-checks.ts";
import type { FileReference } from "./find-files.ts";
import type { Located } from "./locate.ts";

/** How many files are read at the same time: small ones take mostly waiting. */
export const filesAtATime = 8;

/**
 * Reads all files that a reference means. If one of them may not be sent, none is: a sequence with a gap would render
 * without an error.
 *
 * @returns The files by their paths in the job; why there is nothing to send, as text for the user
 */
export async function gatherFiles(
  { kind, form }: FileReference,
  files: readonly Located[],
  roots: AssetRoots,
  copies: AssetCopies,
): Promise<ReadonlyMap<string, FileBlob> | string> {
  const found = new Map<string, FileBlob | Objection>();
  await inParallel(files, filesAtATime, async (file) => {
    found.set(file.at, await read(kind, file, roots, copies));
  });
  const gathered = new Map<string, FileBlob>();
  for (const file of files) {
    const blob = found.get(file.at) as FileBlob | Objection;
    if (!("why" in blob)) gathered.set(file.at, blob);
    else if (form !== "folder" || !blob.isOtherKind) return files.length > 1 ? `${file.at}: ${blob.why}` : blob.why;
  }
  return gathered.size === 0 ? "it contains no cache" : gathered;
}

async function read(
  kind: string,
  { at, path }: Located,
  roots: AssetRoots,
  copies: AssetCopies,
): Promise<FileBlob | Objection> {
  try {
    const real = await realPathOf(path);
    return (await objectionTo(kind, at, real, roots)) ?? (await copies.take(real));
  } catch (error) {
    return { why: `it cannot be read: ${messageOf(error)}`, isOtherKind: false };
  }
}
