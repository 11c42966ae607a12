import { FarmError, messageOf } from "../core/errors.ts";

/** A link has ended, or must end. */
export class LinkLostError extends FarmError {
  /** The reason alone, for places that say themselves that the node is gone. */
  readonly why: string;

  constructor(why: string, action: string, hint: string) {
    super("FARM_LINK_LOST", `Cannot ${action}: ${why}`, hint);
    this.why = why;
  }
}

/** @param action What could not be done because the link is lost */
export function lostLink(
  why: string,
  action = "continue with the node",
  hint = "The job continues by itself when the node is back",
): LinkLostError {
  return new LinkLostError(why, action, hint);
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
