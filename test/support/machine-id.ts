import { cp, writeFile } from "node:fs/promises";

const script = `mount --bind "$0" /etc
test ! -e /var/lib/dbus/machine-id || mount --bind "$0/machine-id" /var/lib/dbus/machine-id
exec "$@"`;

/**
 * Makes a program see a different machine id, for tests as root on Linux.
 *
 * @param folder Where its /etc is kept; it must not exist yet
 * @param id 32 hexadecimal digits, or nothing for a machine without one
 * @returns The words to put before the program's own; the process stays the same
 */
export async function withMachineId(folder: string, id: string): Promise<readonly string[]> {
  await cp("/etc", folder, { recursive: true, verbatimSymlinks: true });
  await writeFile(`${folder}/machine-id`, id);
  return ["unshare", "--mount", "sh", "-c", script, folder];
}
