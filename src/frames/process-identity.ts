import { readFile } from "node:fs/promises";
import { systemCodeOf } from "../core/errors.ts";

/**
 * When a process began, in the system's own ticks; `null` where the system does not tell. Process numbers are used
 * again, pairs of number and beginning are not.
 */
export async function processStartOf(pid: number): Promise<string | null> {
  const fields = await statFieldsOf(pid);
  return fields?.[19] ?? null;
}

/**
 * Whether a process of this machine has ended. In doubt it has not.
 *
 * @param start What {@link processStartOf} said when it ran; `null` when that is not known
 */
export async function isProcessGone(pid: number, start: string | null): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return systemCodeOf(error) === "ESRCH";
  }
  const fields = await statFieldsOf(pid);
  if (fields === null) return false;
  const hasEnded = fields[0] === "Z"; // dead, and its parent has not asked for the exit code yet
  return hasEnded || (start !== null && fields[19] !== start);
}

/** The fields of /proc/<pid>/stat behind the program's name, which may itself hold spaces and brackets. */
async function statFieldsOf(pid: number): Promise<string[] | null> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  return text?.slice(text.lastIndexOf(")") + 2).split(" ") ?? null;
}
