import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { hashFile } from "../system/files/hash-file.ts";
import { removeFile } from "../system/files/held-files.ts";
import { replaceFile } from "../system/files/whole-file.ts";
import type { BlendCopy } from "./blend-copy.ts";
import { isObject } from "./frame-record.ts";
import { isBlobName, makeOwnFolder, removeOwnFiles } from "./own-names.ts";

/** Which bake a job folder has: a later run uses it if nothing else is baked. */
export interface BakeKey {
  /** Digest of the blendfile that was baked. */
  readonly source: string;
  /** The version that baked it. */
  readonly blender: string;
  readonly scene: string | null;
  /** What was otherwise than in the blendfile when the bake was compared with the played scene. */
  readonly overrides: Readonly<Record<string, unknown>>;
}

/** A copy of the blendfile in which simulations are baked. */
export interface BakedBlend extends BlendCopy {
  /** Digest of the files outside the blendfile that it was baked with; `null` if there are none. */
  readonly files: string | null;
}

/** The folder for baked copies in a job folder, which is made. */
export async function bakedFolderOf(jobFolder: string): Promise<string> {
  const folder = join(jobFolder, "baked");
  await makeOwnFolder(folder);
  return folder;
}

/** Records a baked copy that is in the folder for them, and removes others. */
export async function recordBaked(jobFolder: string, key: BakeKey, baked: BakedBlend): Promise<void> {
  const { sha256, sizeBytes, files } = baked;
  const folder = await bakedFolderOf(jobFolder);
  await removeOwnFiles(folder, (name) => name !== sha256 && isBlobName(name));
  await replaceFile(join(jobFolder, "baked.json"), `${JSON.stringify({ ...key, sha256, sizeBytes, files })}\n`);
}

/** @returns The baked copy, if there is one of this blendfile and it is intact */
export async function findBaked(jobFolder: string, key: BakeKey): Promise<BakedBlend | undefined> {
  const text = await readFile(join(jobFolder, "baked.json"), "utf8").catch(() => "");
  const known = parsed(text);
  if (!isObject(known)) return undefined;
  const { source, blender, scene, overrides, sha256, sizeBytes, files } = known;
  if (source !== key.source || blender !== key.blender || scene !== key.scene) return undefined;
  if (!isDeepStrictEqual(overrides, key.overrides)) return undefined;
  if (typeof sha256 !== "string" || !isBlobName(sha256) || typeof sizeBytes !== "number") return undefined;
  if (files !== null && typeof files !== "string") return undefined;
  const path = join(jobFolder, "baked", sha256);
  const isIntact = (await hashFile(path).catch(() => "")) === sha256;
  return isIntact ? { path, sha256, sizeBytes, files } : undefined;
}

/** Removes what is recorded of a bake, so that it is not found again. */
export async function forgetBaked(jobFolder: string): Promise<void> {
  await removeFile(join(jobFolder, "baked.json"));
}

/** @returns `undefined` if it is damaged */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
