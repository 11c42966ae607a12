import { homedir } from "node:os";
import { resolve } from "node:path";

/**
 * This user's own folder, or the root folder where the system knows none, as for a container's user without an entry in
 * the list of users: what is not there counts as absent, and what cannot be written there is told with a hint.
 */
export function homeFolder(): string {
  try {
    return homedir() || resolve("/");
  } catch {
    return resolve("/");
  }
}
