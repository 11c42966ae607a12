import { setImmediate } from "node:timers/promises";

const longestMs = 10;

/**
 * Lets timers and I/O have their turn in a loop that goes on for as long as it is given something: promises alone never let
 * them, and links would seem silent whose messages lie unread.
 */
export class Turns {
  #sinceMs = performance.now();

  /** Waits for one round of the event loop when this turn has been long, else for nothing. */
  async giveWay(): Promise<void> {
    if (performance.now() - this.#sinceMs < longestMs) return;
    await setImmediate();
    this.#sinceMs = performance.now();
  }
}
