import { FarmError } from "../core/errors.ts";
import { counted } from "../core/text.ts";
import { formatDuration } from "../core/units.ts";

/** `--wait` has passed without any node. @param missing Frames that are not done yet; `undefined` while nobody knows */
export function waitedInVain(waitMs: number, missing: number | undefined): FarmError {
  const rest =
    missing === undefined ? "" : `, and ${counted(missing, "frame")} ${missing === 1 ? "is" : "are"} missing`;
  return new FarmError(
    "FARM_NO_NODE",
    `Cannot go on: no node was there for ${formatDuration(waitMs)}${rest}`,
    "Start a node and run the same command again: it goes on from here",
  );
}
