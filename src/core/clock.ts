/** A source of time. Code that waits takes one, so that tests can replace it. */
export interface Clock {
  /** Milliseconds on a monotonic scale; only differences have a meaning. */
  monotonicMs(): number;
  /** Unix time in milliseconds, for records that people and other machines read. */
  unixMs(): number;
  /**
   * Waits for the given time.
   *
   * @throws The signal's reason, if it is aborted first
   */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  unixMs: () => Date.now(),
  sleep: (durationMs, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      }, durationMs);
      signal?.addEventListener("abort", onAbort, { once: true });
    }),
};
