import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname } from "node:path";
import { messageOf, systemCodeOf } from "../../core/errors.ts";
import { formatBytes } from "../../core/units.ts";
import { freeBytes, leastBytes } from "../../system/files/shortage.ts";
import type { Finding } from "./finding.ts";

export interface UserFolders {
  readonly configFolder: string;
  readonly cacheFolder: string;
}

/** Checks this user's home and the folders that a render or a node writes to; containers often lack some of them. */
export async function* examineFolders({ configFolder, cacheFolder }: UserFolders): AsyncGenerator<Finding> {
  yield examineHome();
  const places = [
    [
      ...(["Config folder", configFolder, "warning"] as const),
      "Set HOME or RENDERFARM_CONFIG_DIR to a folder that this user can write to, or give the key in RENDERFARM_KEY",
    ],
    [
      ...(["Cache folder", cacheFolder, "warning"] as const),
      "Set HOME or RENDERFARM_CACHE_DIR to a folder that this user can write to: no node can run here without one",
    ],
    [
      "Temporary folder",
      tmpdir(),
      "problem",
      "Set TMPDIR to a folder that is there, that this user can write to, and that has room",
    ],
  ] as const;
  for (const [what, folder, state, fix] of places) {
    const isMade = what !== "Temporary folder"; // the others are made when they are needed
    const fault = await faultOf(folder, isMade);
    yield fault === undefined
      ? { what, state: "good", detail: folder }
      : { what, state, detail: `${folder} cannot be used: ${fault}`, fix };
  }
}

function examineHome(): Finding {
  const what = "Home";
  const fix = "Set HOME to a folder that this user can write to: Blender 2.83 and 3.4 crash without one";
  try {
    const home = homedir();
    return home ? { what, state: "good", detail: home } : { what, state: "warning", detail: "HOME is empty", fix };
  } catch {
    const user = process.getuid?.() ?? "";
    const detail = `HOME is not set, and the system has no entry for user ${user}`;
    return { what, state: "warning", detail, fix };
  }
}

/** Why a folder cannot be written to; `undefined` if it can. @param isMade Whether it is made if it is missing */
async function faultOf(folder: string, isMade: boolean): Promise<string | undefined> {
  try {
    if (!(await stat(folder)).isDirectory()) return "it is a file";
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    if (isMade && systemCodeOf(error) === "ENOENT" && dirname(folder) !== folder)
      return await faultOf(dirname(folder), true);
    return messageOf(error);
  }
  const free = await freeBytes(folder);
  return free !== null && free < leastBytes ? `${formatBytes(free)} free` : undefined;
}
