import { setImmediate } from "node:timers/promises";

const longestMs = 10;

/**
 * Lets timers and I/O run during a loop that may never be out of work. Awaiting promises alone does not, and then links
 * seem silent because their messages are not read.
 */
export class Turns {
  #sinceMs = performance.now();

  /** Waits for one round of the event loop if this turn has been long; otherwise returns at once. */
  async giveWay(): Promise<void> {
    if (performance.now() - this.#sinceMs < longestMs) return;
    await setImmediate();
    this.#sinceMs = performance.now();
  }
}
