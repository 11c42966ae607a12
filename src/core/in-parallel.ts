/**
 * Does work for each item, for some of them at the same time. After a failure no more work is started.
 *
 * @throws The first error, when all started work has ended
 */
export async function inParallel<Item>(
  items: Iterable<Item>,
  atATime: number,
  work: (item: Item) => Promise<unknown>,
): Promise<void> {
  const waiting = items[Symbol.iterator]();
  let isFailed = false;
  const worker = async () => {
    for (let next = waiting.next(); !isFailed && !next.done; next = waiting.next()) {
      await work(next.value).catch((error: unknown) => {
        isFailed = true;
        throw error;
      });
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: atATime }, worker));
  const failed = ends.find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
