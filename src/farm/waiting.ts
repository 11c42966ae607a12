import { FarmError } from "../core/errors.ts";
import { formatDuration } from "../core/units.ts";

/** `--wait` has passed without any node. @param missing What is not done yet, in words, or nothing */
export function waitedInVain(waitMs: number, missing: string): FarmError {
  return new FarmError(
    "FARM_NO_NODE",
    `Cannot go on: no node was free for ${formatDuration(waitMs)}${missing === "" ? "" : `, and ${missing} missing`}`,
    "Start a node and run the same command again: it goes on from here",
  );
}
