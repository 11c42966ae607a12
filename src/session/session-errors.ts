import { FarmError, messageOf } from "../core/errors.ts";

/** The link has ended, or the node breaks off. */
export function lostLink(why: string): FarmError {
  return new FarmError(
    "FARM_LINK_LOST",
    `Cannot continue with the node: ${why}`,
    "The job goes on by itself when the node is back",
  );
}

/** What came is no message that could stand there. */
export function badMessage(error: unknown): FarmError {
  return new FarmError(
    "FARM_BAD_MESSAGE",
    `Cannot understand the node: ${messageOf(error)}`,
    "Run the same release of renderfarm on both machines",
    { cause: error },
  );
}
