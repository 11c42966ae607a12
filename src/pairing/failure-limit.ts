/** After so many failures in a row … */
const mostFailures = 3;
/** … no exchange starts for this long. */
const pauseMs = 60_000;

/**
 * Limits how often an exchange may fail. Each exchange gives an attacker in the middle one chance in a million, and it can
 * end it and begin another one when it has lost.
 */
export class FailureLimit {
  readonly #monotonicMs: () => number;
  #failures = 0;
  #hasFailed = false;
  #pausedUntilMs = 0;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** Whether an exchange has failed since the last one that succeeded. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** How long no exchange may start, in milliseconds. */
  get pausedMs(): number {
    return Math.max(0, this.#pausedUntilMs - this.#monotonicMs());
  }

  /** Counts a failed exchange. */
  fail(): void {
    this.#hasFailed = true;
    this.#failures += 1;
    if (this.#failures < mostFailures) return;
    this.#failures = 0;
    this.#pausedUntilMs = this.#monotonicMs() + pauseMs;
  }

  /** Forgets earlier failures, after an exchange that succeeded. */
  succeed(): void {
    this.#failures = 0;
    this.#hasFailed = false;
  }
}
