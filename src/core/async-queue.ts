/** Hands values from callbacks to one reader, in order. Unbounded: for facts that are few, never for bytes. */
export class AsyncQueue<T> implements AsyncIterable<T> {
  readonly #values: (T | undefined)[] = [];
  /** Where the next value stands: to take the first one out of an array would move all others. */
  #next = 0;
  #wake: (() => void) | undefined;
  #isEnded = false;

  push(value: T): void {
    if (this.#isEnded) return;
    this.#values.push(value);
    this.#wake?.();
  }

  /** Nothing follows; the reader still gets what was pushed before. Idempotent. */
  end(): void {
    this.#isEnded = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      while (this.#next < this.#values.length) yield this.#take();
      if (this.#isEnded) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  #take(): T {
    const value = this.#values[this.#next] as T;
    this.#values[this.#next] = undefined;
    this.#next += 1;
    // What was taken goes once it is the greater part: seldom, and so cheaply, however many there are.
    if (this.#next > this.#values.length / 2) {
      this.#values.splice(0, this.#next);
      this.#next = 0;
    }
    return value;
  }
}
