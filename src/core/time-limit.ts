/**
 * Waits for a promise, but not for ever.
 *
 * What was begun goes on when the time is over; whoever calls ends what it hangs on.
 *
 * @param timeoutMs In milliseconds
 * @param late Makes the error for when the time is over
 * @throws What the promise rejects with, or what `late` made
 */
export async function withinTime<T>(promise: Promise<T>, timeoutMs: number, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(late()), timeoutMs);
  });
  try {
    return await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for a promise, but not beyond an abort. @throws What the promise rejects with, or the signal's reason */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const waiting = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true, signal: waiting.signal });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    waiting.abort();
  }
}
