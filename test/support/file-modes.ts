import { stat } from "node:fs/promises";

/** What group and others may do with a file. Windows has no such bits: there the folder's rights count, and it is 0. */
export async function modeForOthers(file: string): Promise<number> {
  return process.platform === "win32" ? 0 : (await stat(file)).mode & 0o077;
}
