import { stat } from "node:fs/promises";

/** The mode bits of group and others. Windows has no such bits: there the folder's rights count, and this is 0. */
export async function modeForOthers(file: string): Promise<number> {
  return process.platform === "win32" ? 0 : (await stat(file)).mode & 0o077;
}
