import { lstat } from "node:fs/promises";
import { sep } from "node:path";
import { openRegularFile } from "../system/files/regular-file.ts";
import { type AssetRoots, isShown, rootOf } from "./asset-roots.ts";
import { isOfKind } from "./content-kinds.ts";

const headBytes = 32;

/** Why a file must not be sent, as text for the user. */
export interface Objection {
  readonly why: string;
  /** Whether it is only not a file of this kind: in the folder of a cache there are others. */
  readonly isOtherKind: boolean;
}

/** Why a file must not be sent, if so. @param real The path without links */
export async function objectionTo(
  kind: string,
  at: string,
  real: string,
  roots: AssetRoots,
): Promise<Objection | undefined> {
  const objection = (why: string, isOtherKind = false): Objection => ({ why, isOtherKind });
  const root = rootOf(real, roots);
  if (root === undefined) return objection("it is a link that leaves the project");
  if (!isShown(real, root, roots)) return objection("it is a link to a hidden file");
  if (!(await isFile(real))) return objection("it is not a regular file", true);
  if (!isOfKind(kind, at, await headOf(real))) return objection(`its content is not of the kind '${kind}'`, true);
  if (kind !== "shader" || !(await isStale(real))) return undefined;
  return objection("its text has changed since Blender compiled it");
}

/** Whether a compiled shader is older than its text, so that Blender would compile it again. */
async function isStale(compiled: string): Promise<boolean> {
  const [binary, text] = await Promise.all(
    [compiled, compiled.replace(/\.oso$/i, ".osl")].map((path) => lstat(path).catch(() => undefined)),
  );
  return text !== undefined && binary !== undefined && text.mtimeMs > binary.mtimeMs;
}

/** Whether a file outside the project looks like what the scene needs, so that its folder may be offered as a root. */
export async function isOffered(kind: string, path: string): Promise<boolean> {
  const isHidden = path.split(sep).some((name) => name.startsWith("."));
  return !isHidden && (await isFile(path)) && isOfKind(kind, path, await headOf(path));
}

/** Whether it is a regular file, and no link. */
export async function isFile(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isFile() ?? false;
}

async function headOf(path: string): Promise<Buffer> {
  const file = await openRegularFile(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
