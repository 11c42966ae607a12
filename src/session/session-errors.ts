import { FarmError, messageOf } from "../core/errors.ts";

/** The error for a link that has ended, or that must end. @param action What could not be done because of it */
export function lostLink(
  why: string,
  action = "continue with the node",
  hint = "The job continues by itself when the node is back",
): FarmError {
  return new FarmError("FARM_LINK_LOST", `Cannot ${action}: ${why}`, hint);
}

/** The error for a message that the protocol does not allow there. */
export function badMessage(error: unknown): FarmError {
  return new FarmError(
    "FARM_BAD_MESSAGE",
    `Cannot understand the node: ${messageOf(error)}`,
    "Run the same release of renderfarm on both machines",
    { cause: error },
  );
}
