import { writeFile } from "node:fs/promises";
import { execa } from "execa";

/** Why no file can be made busy here; undefined when one can. */
export const busyFileProblem: string | undefined =
  process.platform === "linux" && process.getuid?.() === 0
    ? undefined
    : "only root on Linux can make a file that is really busy";

/**
 * Makes a file busy: one on which another is mounted cannot be renamed or removed, and the system says EBUSY, as Windows does
 * of a file that another program has open.
 *
 * @returns Lets it go; to be called before the folder is removed
 */
export async function makeBusy(path: string): Promise<() => Promise<void>> {
  const other = `${path}.mounted`;
  await writeFile(other, "");
  await execa("mount", ["--bind", other, path]);
  return async () => {
    await execa("umount", [path]);
  };
}
