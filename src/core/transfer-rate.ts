const windowMs = 10_000;
const shortestMs = 500;

/** How fast bytes have moved during the last seconds. Times are monotonic, in milliseconds. */
export class TransferRate {
  readonly #samples: { readonly atMs: number; readonly bytes: number }[] = [];
  #startedMs: number | undefined;

  /** Bytes have moved since the last call. */
  add(bytes: number, atMs: number): void {
    this.#startedMs ??= atMs;
    this.#samples.push({ atMs, bytes });
    while ((this.#samples[0]?.atMs ?? atMs) < atMs - windowMs) this.#samples.shift();
  }

  /** @returns `null` while too little is known */
  bytesPerSecond(atMs: number): number | null {
    if (this.#startedMs === undefined) return null;
    const sinceMs = Math.max(this.#startedMs, atMs - windowMs);
    if (atMs - sinceMs < shortestMs) return null;
    const bytes = this.#samples.reduce((sum, sample) => sum + (sample.atMs >= sinceMs ? sample.bytes : 0), 0);
    return (bytes * 1000) / (atMs - sinceMs);
  }
}
