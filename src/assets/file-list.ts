import { createHash } from "node:crypto";
import { join } from "node:path";
import { FarmError, messageOf } from "../core/errors.ts";
import { replaceFile } from "../system/files/whole-file.ts";
import type { FileBlob } from "./asset-copies.ts";

/**
 * Writes the list by which a node lays out a job's files (docs/protocol.md, "The project"): the same files are the same
 * list, for every node and in every run.
 *
 * @param files By their paths in the job
 * @param moved Paths in the job by the paths in the blendfile that lead there instead
 * @param later Paths in the job of files that come later, each before the first frame that needs it
 * @throws {FarmError} `FARM_STORE_FAILED`
 */
export async function writeFileList(
  folder: string,
  files: ReadonlyMap<string, FileBlob>,
  moved: ReadonlyMap<string, string>,
  later: readonly string[],
): Promise<FileBlob> {
  const text = JSON.stringify({
    files: [...files].map(([path, { sha256 }]) => ({ path, sha256 })).sort(byPath),
    moved: [...moved].map(([from, path]) => ({ from, path })).sort((one, other) => byText(one.from, other.from)),
    ...(later.length > 0 && { later }),
  });
  const sha256 = createHash("sha256").update(text).digest("hex");
  const path = join(folder, sha256);
  await replaceFile(path, text, 0o600).catch((error: unknown) => {
    throw new FarmError(
      "FARM_STORE_FAILED",
      `Cannot write the list of the scene's files to ${folder}: ${messageOf(error)}`,
      "Free space on that disk, or keep the job elsewhere with --job-dir",
    );
  });
  return { path, sha256, sizeBytes: Buffer.byteLength(text) };
}

function byPath(one: { readonly path: string }, other: { readonly path: string }): number {
  return byText(one.path, other.path);
}

function byText(one: string, other: string): number {
  return one < other ? -1 : 1;
}
