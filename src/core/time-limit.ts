/**
 * Waits for a promise with a time limit. Does not cancel the work; the caller must.
 *
 * @param late Makes the error for a timeout
 * @throws The promise's rejection, or the error from `late`
 */
export async function withinTime<T>(promise: Promise<T>, timeoutMs: number, late: () => Error): Promise<T> {
  if (!(await endsWithin(promise, timeoutMs))) throw late();
  return await promise;
}

/** Whether a promise resolves within a time; resolves as soon as that is known. @throws A rejection within that time */
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

/** Waits for a promise, until the signal is aborted. @throws The promise's rejection, or the signal's reason */
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
