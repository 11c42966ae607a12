import { homedir } from "node:os";
import { resolve } from "node:path";

/**
 * This user's home folder. If the system knows none, as for a user in a container without an entry in the list of
 * users, it is the root folder: files missing there count as absent, and failures to write there get a hint.
 */
export function homeFolder(): string {
  try {
    return homedir() || resolve("/");
  } catch {
    return resolve("/");
  }
}
