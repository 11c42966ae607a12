import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { SoundTrack } from "../../encode/sound-codec.ts";
import { isBlobName, makeOwnFolder, removeOwnFiles } from "../../frames/own-names.ts";
import { hashFile } from "../../system/files/hash-file.ts";
import { replaceFile } from "../../system/files/whole-file.ts";
import type { SoundPlan } from "./sound-plan.ts";

/** Which sound a job folder has. */
export interface SoundKey {
  /** Digest of the blendfile. */
  readonly blend: string;
  readonly scene: string;
  /** Digest of the files that were sent with it, some of which may be heard; `null` without any. */
  readonly files: string | null;
  readonly firstFrame: number;
  readonly lastFrame: number;
}

/** The folder for a job's sound in its folder, which is made. */
export async function soundFolderOf(jobFolder: string): Promise<string> {
  const folder = join(jobFolder, "sound");
  await makeOwnFolder(folder);
  return folder;
}

/** Records a sound that is in the folder for it, and removes others. */
export async function recordSound(jobFolder: string, key: SoundKey, sha256: string): Promise<void> {
  const folder = await soundFolderOf(jobFolder);
  await removeOwnFiles(folder, (name) => name !== sha256 && isBlobName(name));
  await replaceFile(join(jobFolder, "sound.json"), `${JSON.stringify({ ...key, sha256 })}\n`);
}

/** @returns The path of the sound, if there is this one and it is intact */
async function findSound(jobFolder: string, key: SoundKey): Promise<string | undefined> {
  const known = parsed(await readFile(join(jobFolder, "sound.json"), "utf8").catch(() => ""));
  const isIt = Object.entries(key).every(([name, value]) => known[name] === value);
  const { sha256 } = known;
  if (!isIt || typeof sha256 !== "string" || !isBlobName(sha256)) return undefined;
  const path = join(jobFolder, "sound", sha256);
  return (await hashFile(path).catch(() => "")) === sha256 ? path : undefined;
}

/** The sound that a plan asks for, without a node; `undefined` if a node would have to mix it down. */
export async function keptSound(
  jobFolder: string,
  plan: SoundPlan,
  key: Pick<SoundKey, "blend" | "scene" | "files">,
): Promise<SoundTrack | null | undefined> {
  if (plan.type === "file") return { path: plan.path, leadSeconds: 0, seconds: plan.seconds };
  if (plan.type !== "mix") return null;
  const { firstFrame, lastFrame, leadSeconds, seconds } = plan;
  const path = await findSound(jobFolder, { ...key, firstFrame, lastFrame });
  return path === undefined ? undefined : { path, leadSeconds, seconds };
}

/** @returns Nothing if it is damaged */
function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
