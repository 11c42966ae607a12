/** Time as a service: rooms that wait take one, so that tests can bring their own. */
export interface Clock {
  /** Milliseconds on a scale that never jumps; only differences mean something. */
  monotonicMs(): number;
  /** Milliseconds of Unix time, for records that people and other machines read. */
  unixMs(): number;
  /**
   * Waits for the given time.
   *
   * @throws The signal's reason, when it is aborted first
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
