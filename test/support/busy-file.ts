import { writeFile } from "node:fs/promises";
import { execa } from "execa";

/** Why no file can be made busy here; undefined when it is possible. */
export const busyFileProblem: string | undefined =
  process.platform === "linux" && process.getuid?.() === 0
    ? undefined
    : "only root on Linux can make a file really busy";

/**
 * Makes a file busy: a file that another one is mounted on cannot be renamed or removed. The system says EBUSY, as
 * Windows does when another program has a file open.
 *
 * @returns A function that releases it; call it before the folder is removed
 */
export async function makeBusy(path: string): Promise<() => Promise<void>> {
  const other = `${path}.mounted`;
  await writeFile(other, "");
  await execa("mount", ["--bind", other, path]);
  return async () => {
    await execa("umount", [path]);
  };
}
