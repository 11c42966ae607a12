import { lstat } from "node:fs/promises";
import { sep } from "node:path";
import { isInside } from "../system/files/real-path.ts";
import { openRegularFile } from "../system/files/regular-file.ts";
import type { AssetRoots } from "./asset-roots.ts";
import { isOfKind } from "./content-kinds.ts";

const headBytes = 32;

/** Why a file must not be sent, if so. @param real The path without links */
export async function objectionTo(
  kind: string,
  at: string,
  real: string,
  roots: AssetRoots,
): Promise<string | undefined> {
  if (![roots.project, ...roots.others].some((root) => isInside(root, real)))
    return "it is a link that leaves the project";
  if (!(await isFile(real))) return "it is not a regular file";
  if (!isOfKind(kind, at, await headOf(real))) return `its content is not of the kind '${kind}'`;
  return kind === "shader" && (await isStale(real)) ? "its text has changed since Blender compiled it" : undefined;
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
