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
