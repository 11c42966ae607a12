/** How much a bucket holds, and how fast it fills. */
export interface TokenRate {
  /** Tokens in a full bucket. */
  readonly capacity: number;
  /** One more token after each of these times. */
  readonly everyMs: number;
}

/**
 * A token bucket: it starts full, each use takes tokens out, and time puts them back up to its capacity. Every method
 * takes the present time on a monotonic clock, in milliseconds.
 */
export class TokenBucket {
  readonly #rate: TokenRate;
  /** Tokens times `everyMs`, so that adding whole milliseconds never rounds. */
  #levelMs: number;
  #filledAtMs: number;

  constructor(rate: TokenRate, atMs: number) {
    this.#rate = rate;
    this.#levelMs = rate.capacity * rate.everyMs;
    this.#filledAtMs = atMs;
  }

  /** Whether that many tokens can be taken now. */
  has(tokens: number, atMs: number): boolean {
    this.#fill(atMs);
    return this.#levelMs >= tokens * this.#rate.everyMs;
  }

  /** @returns Whether there were enough tokens; if not, none is taken */
  take(tokens: number, atMs: number): boolean {
    const isEnough = this.has(tokens, atMs);
    if (isEnough) this.#levelMs -= tokens * this.#rate.everyMs;
    return isEnough;
  }

  /** Adds tokens, up to the capacity. */
  add(tokens: number, atMs: number): void {
    this.#fill(atMs);
    this.#limit(this.#levelMs + tokens * this.#rate.everyMs);
  }

  #fill(atMs: number): void {
    this.#limit(this.#levelMs + atMs - this.#filledAtMs);
    this.#filledAtMs = atMs;
  }

  #limit(levelMs: number): void {
    this.#levelMs = Math.min(this.#rate.capacity * this.#rate.everyMs, levelMs);
  }
}
