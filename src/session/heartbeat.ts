import type { Link } from "./link.ts";

const everyMs = 2_000;
const silenceMeansLostMs = 10_000;

/** Sends signs of life to the node, and closes the link if none has arrived from it for too long. */
export class Heartbeat {
  readonly #link: Link;
  readonly #beat: () => void;
  readonly #timer: NodeJS.Timeout;
  #lastMs = performance.now();

  /** @param beat Sends a sign of life */
  constructor(link: Link, beat: () => void) {
    this.#link = link;
    this.#beat = beat;
    this.#timer = setInterval(() => this.#check(), everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #check(): void {
    const atMs = performance.now();
    // If this process was late itself, messages from the node may be unread: decide at the next check.
    const wasAway = atMs - this.#lastMs > 2 * everyMs;
    this.#lastMs = atMs;
    if (!wasAway && atMs - this.#link.heardAtMs > silenceMeansLostMs) {
      void this.#link.close(1001, "no sign of life");
      return;
    }
    this.#beat();
  }
}
