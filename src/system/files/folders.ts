import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes a folder and its missing parents. An existing folder, or a link to one, is fine. It does not use Node's
 * recursive mkdir, which never ends where a file system refuses new names with ENOENT, as /proc does.
 *
 * @param mode Mode of the new folders, before the umask (default: that of any new folder)
 */
export async function makeFolders(folder: string, mode?: number): Promise<void> {
  if (await isFolder(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) await makeFolders(parent, mode);
  await mkdir(folder, { mode }).catch(async (error: unknown) => {
    if (!(await isFolder(folder))) throw error; // otherwise somebody else has made it meanwhile
  });
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false;
}
