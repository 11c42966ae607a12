import type { Link } from "./link.ts";

const everyMs = 2_000;
const silenceMeansLostMs = 10_000;

/** Gives a sign of life to the node, and ends the link when none has come from it for too long. */
export class Heartbeat {
  readonly #link: Link;
  readonly #beat: () => void;
  readonly #timer: NodeJS.Timeout;
  #lastMs = performance.now();

  /** @param beat Sends the sign */
  constructor(link: Link, beat: () => void) {
    this.#link = link;
    this.#beat = beat;
    this.#timer = setInterval(() => this.#look(), everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const atMs = performance.now();
    // When we are late ourselves, what it said meanwhile lies unread: the next look will tell.
    const wasAway = atMs - this.#lastMs > 2 * everyMs;
    this.#lastMs = atMs;
    if (!wasAway && atMs - this.#link.heardAtMs > silenceMeansLostMs) {
      void this.#link.close(1001, "no sign of life");
      return;
    }
    this.#beat();
  }
}
