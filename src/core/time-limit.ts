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
  if (!(await endsWithin(promise, timeoutMs))) throw late();
  return await promise;
}

/** Whether it ends in this time; resolves as soon as that is known. @throws What the promise rejects with in this time */
export async function endsWithin(promise: Promise<unknown>, limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, limitMs, false);
  });
  try {
    return await Promise.race([promise.then(() => true), limit]);
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
